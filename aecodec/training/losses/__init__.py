"""Losses for training: distortion, or distortion and the rate of codes."""
