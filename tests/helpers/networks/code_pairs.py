"""Pairs of Keras models whose codes are numbers: VQ-VAE and finite scalar quantization (FSQ)."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from helpers.networks.pairs import Pair, convolutional_pair, train_pair
from keras import layers, ops


class VectorQuantizer(layers.Layer):
    """The quantizer of Keras's VQ-VAE example, which returns the numbers of code vectors."""

    def __init__(self, count: int = 128, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.count = count

    def build(self, input_shape: Any) -> None:
        self.embeddings = self.add_weight(shape=(input_shape[-1], self.count), name="embeddings")

    def call(self, x: Any) -> Any:
        flat = tf.reshape(x, [-1, self.embeddings.shape[0]])
        similarity = tf.matmul(flat, self.embeddings)
        squares = tf.reduce_sum(flat**2, axis=1, keepdims=True)
        distances = squares + tf.reduce_sum(self.embeddings**2, axis=0) - 2 * similarity
        return tf.reshape(tf.argmin(distances, axis=1), tf.shape(x)[:-1])


class FSQ(layers.Layer):
    """Finite scalar quantization, as in the code of Mentzer et al. (2023)."""

    def __init__(self, levels: tuple[int, ...], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.levels = levels

    def call(self, z: Any) -> Any:
        levels = tf.constant(self.levels, tf.float32)
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
    quantizer = VectorQuantizer(128, name="vector_quantizer")
    indices = keras.Model(encoder.inputs[0], quantizer(encoder.outputs[0]))
    quantizer.set_weights([codebook.T])
    numbers = keras.Input((7, 7), dtype="int64")
    vectors = ops.matmul(ops.one_hot(numbers, 128), codebook)
    return indices, keras.Model(numbers, decoder(vectors))


def fsq_channels(images: np.ndarray, levels: tuple[int, ...] = (8, 5, 5, 5)) -> Pair:
    return train_pair(convolutional_pair(len(levels), 28, FSQ(levels, name="fsq")), images)
