"""Quantization: int8 latents to the codes of a level, and back."""
