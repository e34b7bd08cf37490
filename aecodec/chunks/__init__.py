"""Chunks of arrays as `.aec` files: what the codecs for Zarr and for numcodecs share."""
