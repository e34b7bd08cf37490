"""Optimizers, the learning-rate schedule, and the arithmetic of a training."""
