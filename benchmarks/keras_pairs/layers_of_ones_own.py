"""Keras classes that a user would write, for pairs that need `--custom-objects`."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable(package="benchmarks")
class Sampling(layers.Layer):
    """Draws latents from a mean and a logarithm of a variance, as in Keras's VAE tutorial."""

    def call(self, inputs: Any) -> Any:
        """Draw (N, K) latents."""
        mean, log_variance = inputs
        noise = keras.random.normal(ops.shape(mean))
        return mean + ops.exp(0.5 * log_variance) * noise


@keras.saving.register_keras_serializable(package="benchmarks")
class Encoder(keras.Model):
    """A subclassed encoder of 28x28 images."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.flat, self.hidden, self.code = layers.Flatten(), layers.Dense(128), layers.Dense(32)

    def call(self, images: Any) -> Any:
        """Images (N, 28, 28, 1) to latents (N, 32)."""
        return self.code(ops.relu(self.hidden(self.flat(images))))


@keras.saving.register_keras_serializable(package="benchmarks")
class Decoder(keras.Model):
    """A subclassed decoder of 28x28 images."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.hidden, self.pixels = layers.Dense(128, "relu"), layers.Dense(784, "sigmoid")
        self.shaped = layers.Reshape((28, 28, 1))

    def call(self, latents: Any) -> Any:
        """Latents (N, 32) to images (N, 28, 28, 1)."""
        return self.shaped(self.pixels(self.hidden(latents)))
