"""Measuring rate and distortion of files and of codecs."""
