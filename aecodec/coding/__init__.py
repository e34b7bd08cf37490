"""Quantization, the messages of a file, and residuals that bound the error of samples."""
