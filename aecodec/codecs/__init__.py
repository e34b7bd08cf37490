"""The codecs that ship: a folder each, all data."""
