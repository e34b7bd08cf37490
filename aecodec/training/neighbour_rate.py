"""The rate term for pictures: bits of code vectors that know what lies around them."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from aecodec.neighbours import KINDS, LED, TRENDS, parts_of
from aecodec.training.optimizer import FAST
from aecodec.training.precision import product_dtype
from aecodec.training.rate import logistic_mass

NOTHING = KINDS
"""Stands for the kind of surroundings where there is nothing around."""

_WIDEST = 4.0
"""Inputs are told apart up to so many standard deviations."""

_HIGHEST = 6.0
_NARROWEST = -7.0
"""Of the logistics, as the logarithm of a scale in steps."""

_LEAST_DEVIATION = 1e-2
"""In steps of the middle level."""

Indices = npt.NDArray[np.intp]


class NeighbourRate(keras.layers.Layer):
    """A learned distribution of grids of code vectors, at every level.

    It is the differentiable twin of a prior with a context network (:mod:`aecodec.context`): a
    network of one hidden layer sees the magnitudes of the vectors around that are known by then,
    and of the slices of channels before, and gives each symbol a logistic's mean and scale. The
    first channels around lead the means besides, as signed numbers. All is measured in the standard
    deviations of the channels, so that one network serves all levels.

    Args:
        channels: K.
        levels: how many.
        units: H.
        dtype: Keras's policy for the products of hidden units; the rest is float32.

    >>> rate = NeighbourRate(channels=3, levels=2, units=8)
    >>> codes = tf.zeros((5, 8, 8, 3))
    >>> bits = rate(codes, codes, tf.ones((5, 3)), tf.zeros(5, tf.int32))
    >>> bits.shape.as_list(), bool(tf.reduce_all(bits > 0))
    ([5], True)
    """

    def __init__(
        self, channels: int, levels: int, units: int = 512, dtype: str = "float32"
    ) -> None:
        # Keras 3.15 casts the weights of a layer whose policy is mixed, even with autocast=False.
        super().__init__(name=f"{FAST}rate", dtype="float32")
        self._product_dtype = product_dtype(dtype)
        reach = slices_of(channels, units)
        places = np.arange(channels)
        slice_start = np.array([reach[reach <= place].max() for place in places])
        self._readable = np.float32(places[:, None] < reach)
        self._usable = np.float32(reach[:, None] <= slice_start)
        normal = keras.initializers.RandomNormal
        own, around = normal(stddev=channels**-0.5), normal(stddev=(2 * channels) ** -0.5)
        small, half = normal(stddev=0.01), keras.initializers.Constant(0.5)
        add = self.add_weight
        self.deviations = add(shape=(channels,), initializer="ones", trainable=False)
        self.kernel = add(shape=(channels, units), initializer=own)
        self.around = [add(shape=(channels, units), initializer=around) for _ in range(KINDS)]
        self.bias = add(shape=(KINDS + 1, levels, units), initializer=half)
        self.to_mean = add(shape=(units, channels), initializer=small)
        self.to_scale = add(shape=(units, channels), initializer=small)
        led = min(channels, LED)
        self.slope = add(shape=(KINDS, TRENDS * led, led), initializer="zeros")
        self.mean = add(shape=(channels,), initializer="zeros")
        narrow = keras.initializers.Constant(math.log(math.sqrt(3) / math.pi))
        self.log_scale = add(shape=(KINDS + 1, channels), initializer=narrow)
        self.built = True

    def start_from(self, deviations: Any) -> None:
        """Begin where latents of these standard deviations (K,) are likely."""
        self.deviations.assign(np.maximum(deviations, _LEAST_DEVIATION))

    def call(self, codes: Any, rounded: Any, gains: Any, levels: Any) -> Any:
        """Codes, noisy or rounded, to bits.

        Args:
            codes: (N, h, w, K).
            rounded: the same without noise, as a decoder knows those that it has: noise would make
                magnitudes of zeros.
            gains: (N, K) what the latents were multiplied by.
            levels: (N,) 0 and up.

        Returns:
            (N,).
        """
        height, width, channels = codes.shape[1:]
        vectors, known = (tf.reshape(x, (-1, height * width, channels)) for x in (codes, rounded))
        deviations = (gains * self.deviations)[:, None]
        bits = [
            self._bits(vectors, known, deviations, tf.gather(self.bias[kind], levels), kind, *group)
            for kind, *group in _groups(height, width)
        ]
        return tf.add_n(bits)

    def _bits(
        self,
        vectors: Any,
        known: Any,
        deviations: Any,
        bias: Any,
        kind: int,
        members: Indices,
        pairs: Indices,
    ) -> Any:
        own, own_known = (tf.gather(each, members, axis=1) for each in (vectors, known))
        inputs = self._inputs(tf.abs(own_known) / deviations)
        sums = self._product(inputs, self.kernel * self._readable)
        mean = self.mean * deviations
        if kind != NOTHING:
            near = tf.gather(known, pairs, axis=1)
            magnitudes = tf.reduce_mean(tf.abs(near), axis=(2, 3))
            sums += self._product(self._inputs(magnitudes / deviations), self.around[kind])
            mean += self._led(near, deviations, kind)
        hidden = tf.clip_by_value(sums + bias[:, None], 0, _HIGHEST)
        mean += deviations * self._product(hidden, self.to_mean * self._usable)
        log_scale = self.log_scale[kind] + tf.math.log(deviations)
        log_scale += self._product(hidden, self.to_scale * self._usable)
        mass = logistic_mass(own - mean, tf.maximum(log_scale, _NARROWEST))
        return tf.reduce_sum(tf.math.log(mass), axis=(1, 2)) / -math.log(2)

    def _led(self, near: Any, deviations: Any, kind: int) -> Any:
        """Where the two pairs (N, n, 2, 2, K) around lead: (N, n, K)."""
        led, scale = self.slope.shape[-1], deviations[..., : self.slope.shape[-1]]
        one, other = near[..., 0, :led], near[..., 1, :led]
        trends = tf.concat([one + other, one - other], axis=2) / (2 * scale[:, :, None])
        flat = tf.reshape(trends, (-1, trends.shape[1], TRENDS * led))
        moved = flat @ self.slope[kind] * scale
        return tf.pad(moved, [[0, 0], [0, 0], [0, near.shape[-1] - led]])

    def _inputs(self, magnitudes: Any) -> Any:
        return tf.minimum(magnitudes, _WIDEST)

    def _product(self, inputs: Any, kernel: Any) -> Any:
        inputs, kernel = (tf.cast(each, self._product_dtype) for each in (inputs, kernel))
        return tf.cast(inputs @ kernel, tf.float32)


def slices_of(channels: int, units: int) -> npt.NDArray[np.int64]:
    """(H,) how many channels each hidden unit reads: none, 1, 2, 4, 8 and so on, ascending.

    Channels that follow each other without a unit between are coded together: the first ones,
    which tell most, in small slices. Those after 32 are in slices of 32.

    >>> slices_of(channels=120, units=9).tolist()
    [0, 1, 2, 4, 8, 16, 32, 64, 96]
    """
    starts = [start for start in (0, 1, 2, 4, 8, 16) if start < channels]
    starts += range(32, channels, 32)
    return np.sort(np.array(starts)[np.arange(units) % len(starts)])


@lru_cache(maxsize=8)
def _groups(height: int, width: int) -> list[tuple[int, Indices, Indices]]:
    """A picture's vectors by the kind of their surroundings.

    Returns:
        Of each kind that occurs: the kind; (n,) the vectors' numbers; (n, 2, 2) those of the two
        pairs of neighbours, empty for NOTHING.
    """
    groups: dict[int, list[tuple[Indices, Indices]]] = {}
    for part in parts_of((1, height, width)):
        kind = NOTHING if part.around is None else part.kind
        pairs = np.empty((0, 2, 2), np.intp) if part.around is None else part.pairs
        groups.setdefault(kind, []).append((part.members, pairs))
    return [
        (
            kind,
            np.concatenate([each[0] for each in group]),
            np.concatenate([each[1] for each in group]),
        )
        for kind, group in groups.items()
    ]
