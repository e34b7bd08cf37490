"""The codecs that ship: one folder per codec, all data."""
