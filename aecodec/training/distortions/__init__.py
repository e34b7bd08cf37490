"""Differentiable measures of distortion, and their mixtures, for losses."""
