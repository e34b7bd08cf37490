"""Benchmarks: what aecodec claims, measured. `python -m benchmarks` lists them."""
