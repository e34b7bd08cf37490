"""Benchmarks of bytes against distortion."""
