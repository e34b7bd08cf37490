"""The spatial entropy model: the differentiable rate of grids of code vectors, for pictures."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from aecodec.base.arrays import Float32
from aecodec.keras_models.roles import Role, set_role
from aecodec.native.tables import neighbours
from aecodec.prior_fitting.context_network import (
    GRADIENTS,
    KINDS,
    PREDICTED_CHANNELS,
    slice_degrees,
)
from aecodec.prior_fitting.trainable_context import logistic_mass, sum_and_difference

NO_NEIGHBOURS = KINDS
"""Kind of a group of vectors without neighbours; it follows the kinds of spatial contexts."""

_WIDEST_INPUT = 4.0
"""Maximum of the inputs, in standard deviations."""

_CEILING = 6.0
_LEAST_DEVIATION = 1e-2
_STANDARD_LOG_SCALE = math.log(math.sqrt(3) / math.pi)
"""Logarithm of the scale of a logistic with a standard deviation of 1."""

Indices = npt.NDArray[np.intp]


class SpatialEntropyModel(keras.layers.Layer):
    """A learned distribution of grids of code vectors, for all levels.

    The model is a differentiable form of a prior with a context network
    (:mod:`aecodec.prior_fitting.context_network`), which predicts the mean and scale of a logistic
    distribution for each symbol. All quantities are in units of the standard deviations of the
    channels, so that a single network serves all levels.

    The codes have K channels; the network has H hidden units. Their products have the `dtype`; all
    other operations use float32.
    """

    def __init__(
        self, channels: int, levels: int, units: int = 512, dtype: str = "float32"
    ) -> None:
        # Keras 3.15 casts the weights of a layer whose policy is mixed, even with autocast=False.
        super().__init__(dtype="float32")
        self._product_dtype = dtype
        self._readable, self._usable = _masks(channels, units)
        normal, add = keras.initializers.RandomNormal, self.add_weight
        own_normal, near_normal = (normal(stddev=(n * channels) ** -0.5) for n in (1, 2))
        small, half = normal(stddev=0.01), keras.initializers.Constant(0.5)
        self.deviations = add(shape=(channels,), initializer="ones", trainable=False)
        self.kernel = add(shape=(channels, units), initializer=own_normal)
        self.activity_kernel = [
            add(shape=(channels, units), initializer=near_normal) for _ in range(KINDS)
        ]
        self.bias = add(shape=(KINDS + 1, levels, units), initializer=half)
        self.to_mean = add(shape=(units, channels), initializer=small)
        self.to_scale = add(shape=(units, channels), initializer=small)
        predicted = min(channels, PREDICTED_CHANNELS)
        self.gradient_kernel = add(
            shape=(KINDS, GRADIENTS * predicted, predicted), initializer="zeros"
        )
        self.mean = add(shape=(channels,), initializer="zeros")
        standard = keras.initializers.Constant(_STANDARD_LOG_SCALE)
        self.log_scale = add(shape=(KINDS + 1, channels), initializer=standard)
        self.built = True
        set_role(self, Role.CODE_STATISTICS)

    def start_from(self, deviations: Any) -> None:
        self.deviations.assign(np.maximum(deviations, _LEAST_DEVIATION))

    def copy(self, weights: Sequence[Float32]) -> None:
        """Copy the weights of a trained model, but not the deviations, which latents determine."""
        deviations = self.deviations.numpy()
        self.set_weights(weights)
        self.deviations.assign(deviations)

    def call(self, codes: Any, rounded: Any, gains: Any, levels: Any) -> Any:
        """Bits (N,) of codes (N, h, w, K), noisy or rounded.

        `rounded` (N, h, w, K): codes without noise, as decoders know them; noise would turn zeros
        into activity. `gains` (N, K): factors by which the latents were multiplied. `levels` (N,):
        level numbers from 0.
        """
        height, width, channels = codes.shape[1:]
        vectors, known = (tf.reshape(x, (-1, height * width, channels)) for x in (codes, rounded))
        deviations = (gains * self.deviations)[:, None]
        groups = _groups(height, width)
        return tf.add_n([self._bits(vectors, known, deviations, levels, group) for group in groups])

    def _bits(self, vectors: Any, known: Any, deviations: Any, levels: Any, group: _Group) -> Any:
        own = tf.gather(vectors, group.members, axis=1)
        own_known = tf.gather(known, group.members, axis=1)
        own_inputs = tf.minimum(tf.abs(own_known) / deviations, _WIDEST_INPUT)
        sums = self._product(own_inputs, self.kernel * self._readable)
        mean = self.mean * deviations
        if group.kind != NO_NEIGHBOURS:
            near = tf.gather(known, group.pairs, axis=1)
            activity = tf.reduce_mean(tf.abs(near), axis=(2, 3)) / deviations
            near_inputs = tf.minimum(activity, _WIDEST_INPUT)
            sums += self._product(near_inputs, self.activity_kernel[group.kind])
            mean += self._from_gradients(near, deviations, group.kind)
        bias = tf.gather(self.bias[group.kind], levels)
        hidden = tf.clip_by_value(sums + bias[:, None], 0, _CEILING)
        mean += deviations * self._product(hidden, self.to_mean * self._usable)
        log_scale = self.log_scale[group.kind] + tf.math.log(deviations)
        log_scale += self._product(hidden, self.to_scale * self._usable)
        mass = logistic_mass(own - mean, log_scale)
        return tf.reduce_sum(tf.math.log(mass), axis=(1, 2)) / -math.log(2)

    def _from_gradients(self, near: Any, deviations: Any, kind: int) -> Any:
        predicted = self.gradient_kernel.shape[-1]
        scale, pairs = deviations[..., :predicted], near[..., :predicted]
        gradients = sum_and_difference(pairs[:, :, :, 0], pairs[:, :, :, 1])
        inputs = tf.concat(gradients, axis=2) / (2 * scale[:, :, None])
        flat = tf.reshape(inputs, (-1, inputs.shape[1], GRADIENTS * predicted))
        moved = flat @ self.gradient_kernel[kind] * scale
        return tf.pad(moved, [[0, 0], [0, 0], [0, near.shape[-1] - predicted]])

    def _product(self, inputs: Any, kernel: Any) -> Any:
        dtype = self._product_dtype
        return tf.cast(tf.cast(inputs, dtype) @ tf.cast(kernel, dtype), tf.float32)


def _masks(channels: int, units: int) -> tuple[Float32, Float32]:
    """(K, H) 1 if a unit reads a channel, else 0; (H, K) 1 if a channel may use a unit, else 0."""
    degree, places = slice_degrees(channels, units), np.arange(channels)
    slice_start = np.array([degree[degree <= place].max() for place in places])
    readable, usable = places[:, None] < degree, degree[:, None] <= slice_start
    return readable.astype(np.float32), usable.astype(np.float32)


class _Group(NamedTuple):
    """Vectors (n,) of a picture with the same spatial context; pairs (n, 2, 2) or (0, 2, 2)."""

    kind: int
    members: Indices
    pairs: Indices


@lru_cache(maxsize=8)
def _groups(height: int, width: int) -> list[_Group]:
    kind, pairs = neighbours(height, width)
    return [
        _Group(number, members, (pairs[members] if number < KINDS else pairs[:0]).astype(np.intp))
        for number in (NO_NEIGHBOURS, *range(KINDS))
        if (members := np.flatnonzero(np.where(kind < 0, NO_NEIGHBOURS, kind) == number)).size
    ]
