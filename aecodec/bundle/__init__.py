"""A codec as one file, a bundle, which the C core and browsers read."""
