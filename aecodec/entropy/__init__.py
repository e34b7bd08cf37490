"""Entropy coding: integer tables, the context network that adapts them, and the range coder."""
