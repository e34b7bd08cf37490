"""Benchmarks of the code in C."""
