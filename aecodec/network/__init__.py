"""The TFLite operators that codecs may contain: their checks, and plans for the C core."""
