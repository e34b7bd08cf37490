"""Plain pairs of Keras models, as somebody would bring them."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import layers

from aecodec.keras_models.layers import DepthToSpace

Pair = tuple[keras.Model, keras.Model]


def dense_pair(image_shape: tuple[int, ...], code: int, hidden: int = 64) -> Pair:
    images, codes = keras.Input(image_shape), keras.Input((code,))
    latents = layers.Dense(code)(layers.Dense(hidden, "relu")(layers.Flatten()(images)))
    values = layers.Dense(int(np.prod(image_shape)))(layers.Dense(hidden, "relu")(codes))
    return keras.Model(images, latents), keras.Model(codes, layers.Reshape(image_shape)(values))


def convolutional_pair(channels: int = 8, side: int | None = None, code: Any = None) -> Pair:
    """A fully convolutional encoder, which may end in a layer of codes, and its decoder.

    Tiles have 4x4 pixels; pictures have this side, or any size.
    """
    images = keras.Input((side, side, 1))
    hidden = layers.Conv2D(24, 5, strides=2, padding="same", activation="relu")(images)
    latents = layers.Conv2D(channels, 5, strides=2, padding="same")(hidden)
    codes = keras.Input((side and side // 4, side and side // 4, channels))
    hidden = layers.Conv2D(32, 3, padding="same", activation="relu")(codes)
    pixels = DepthToSpace(4)(layers.Conv2D(16, 3, padding="same")(hidden))
    return keras.Model(images, code(latents) if code else latents), keras.Model(codes, pixels)


def train_pair(pair: Pair, images: np.ndarray, epochs: int = 2) -> Pair:
    """Train a pair to reconstruct images (N, ...) in 0..1."""
    keras.utils.set_random_seed(0)
    encoder, decoder = pair
    inputs = keras.Input(images.shape[1:])
    joint = keras.Model(inputs, decoder(encoder(inputs)))
    joint.compile(keras.optimizers.Adam(3e-3), "mse", jit_compile=False)
    joint.fit(images, images, batch_size=16, epochs=epochs, verbose=0)
    return pair
