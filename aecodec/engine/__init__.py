"""Engines: run networks, and code latents."""
