"""Engines, in C and in Python, that run a codec's networks and code its latents."""
