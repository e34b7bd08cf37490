"""Engines: what runs a codec's networks and codes its latents, in C or in Python."""
