"""Differentiable entropy models: the rate term of the loss."""
