"""A codec as one file, a bundle, which the C library and browsers load."""
