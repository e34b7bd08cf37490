"""Pairs of Keras models, as somebody would bring them; some have codes (VQ-VAE and FSQ)."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops

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
    keras.utils.set_random_seed(0)
    encoder, decoder = pair
    inputs = keras.Input(images.shape[1:])
    joint = keras.Model(inputs, decoder(encoder(inputs)))
    joint.compile(keras.optimizers.Adam(3e-3), "mse", jit_compile=False)
    joint.fit(images, images, batch_size=16, epochs=epochs, verbose=0)
    return pair


class VectorQuantizer(layers.Layer):
    """The quantizer of Keras's VQ-VAE example, which returns the numbers of code vectors."""

    def __init__(self, codebook: np.ndarray) -> None:
        super().__init__(name="vector_quantizer")
        self.embeddings = codebook.T

    def call(self, x: Any) -> Any:
        flat = tf.reshape(x, [-1, self.embeddings.shape[0]])
        similarity = tf.matmul(flat, self.embeddings)
        squares = tf.reduce_sum(flat**2, axis=1, keepdims=True)
        distances = squares + tf.reduce_sum(self.embeddings**2, axis=0) - 2 * similarity
        return tf.reshape(tf.argmin(distances, axis=1), tf.shape(x)[:-1])


class FSQ(layers.Layer):
    """Finite scalar quantization, as in the code of Mentzer et al. (2023)."""

    def call(self, z: Any) -> Any:
        levels = tf.constant([8.0, 5.0, 5.0, 5.0])
        half = (levels - 1) * (1 - 1e-3) / 2
        offset = tf.where(levels % 2 == 1, 0.0, 0.5)
        bounded = tf.tanh(z + tf.tan(offset / half)) * half - offset
        rounded = bounded + tf.stop_gradient(tf.round(bounded) - bounded)
        return rounded / (levels // 2)


def vq_vae(images: np.ndarray) -> Pair:
    """The VQ-VAE of Keras's examples: argmin in a layer, and one_hot and matmul."""
    encoder, decoder = train_pair(convolutional_pair(16, 28), images)
    vectors = encoder.predict(images, verbose=0).reshape(-1, 16)
    codebook = vectors[np.random.default_rng(0).choice(len(vectors), 128)]
    indices = keras.Model(encoder.inputs[0], VectorQuantizer(codebook)(encoder.outputs[0]))
    numbers = keras.Input((7, 7), dtype="int64")
    decoded = decoder(ops.matmul(ops.one_hot(numbers, 128), codebook))
    return indices, keras.Model(numbers, decoded)


def fsq_channels(images: np.ndarray) -> Pair:
    return train_pair(convolutional_pair(4, 28, FSQ()), images)
