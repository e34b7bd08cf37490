"""Chunks of arrays as `.aec` files, for the codecs of Zarr and numcodecs."""
