"""Keras models as people trained them, brought to the form of a pair: images in 0..1, one latent."""
