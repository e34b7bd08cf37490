"""Quantization, and the payload of a file: segments, messages and their codes."""
