"""The distribution of a sample as cumulative frequencies of 2^24, computed in integers.

A symbol is the number of steps from the rounded mean to the value. Its frequency is the integral of
the distribution over the step. Values beyond the range of samples belong to the outermost symbols.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from aecodec.arrays import Int64
from aecodec.coding.residual_context import log2_eighths
from aecodec.coding.residual_network import MEAN_BITS, SCALE_BITS, Prediction, ResidualNetwork

TOTAL_BITS = 24
MOST_SYMBOL = 511
"""Symbols beyond are escapes."""

_FINE_SCALE = 5
"""Symbols of scales above 2^5 steps lose their lowest bits, which follow as they are."""

_MOST_OFFSET = 1 << 44
"""Farther off, the products of :meth:`Distributions.cumulative` would not fit into 64 bits."""

_LEAST_LOG_SCALE, _MOST_LOG_SCALE = -6 << SCALE_BITS, 33 << SCALE_BITS
_MANTISSAS = np.rint(2.0 ** (15 - np.arange(16) / 16)).astype(np.int64)
_PLACE_BITS, _BETWEEN_BITS = 10, 5
_FARTHEST = (16 << _PLACE_BITS) - 1


@dataclass(frozen=True)
class Distributions:
    """The distributions of n samples over symbols.

    Attributes:
        centre: (n,) the value of symbol 0: the rounded mean, within the range.
        offset: (n,) the centre minus the mean, in 1/256 step.
        log_scale: (n,) logarithms to base 2 of the scales in steps, in sixteenths.
        low_bits: (n,) number of bits below the symbol.
        least: (n,) the smallest number of steps that gives a value within the range.
        most: (n,) the largest one.
        lowest: (n,) the lowest symbol.
        highest: (n,) the highest symbol.
        shape: the cumulative distribution of the network.
    """

    centre: Int64
    offset: Int64
    log_scale: Int64
    low_bits: Int64
    least: Int64
    most: Int64
    lowest: Int64
    highest: Int64
    shape: Int64

    @classmethod
    def of(
        cls, network: ResidualNetwork, prediction: Prediction, step: int, limits: tuple[int, int]
    ) -> Distributions:
        """Distributions of symbols of `step` values, for values within `limits`."""
        low, high = limits
        half = 1 << (MEAN_BITS - 1)
        centre = np.clip((prediction.mean + half) >> MEAN_BITS, low, high)
        log_scale = prediction.log_scale - 2 * log2_eighths(np.int64(step))
        log_scale = np.clip(log_scale, _LEAST_LOG_SCALE, _MOST_LOG_SCALE)
        low_bits = np.maximum((log_scale >> SCALE_BITS) - _FINE_SCALE, 0)
        least = -((centre - low + step // 2) // step)
        most = (high - centre + step // 2) // step
        offset = ((centre << MEAN_BITS) - prediction.mean) // step
        return cls(
            centre,
            np.clip(offset, -_MOST_OFFSET, _MOST_OFFSET),
            log_scale,
            low_bits,
            least,
            most,
            np.maximum(least >> low_bits, -MOST_SYMBOL),
            np.minimum(most >> low_bits, MOST_SYMBOL),
            network.shape.astype(np.int64),
        )

    def select(self, place: int) -> Distributions:
        """The distribution of one sample."""
        part = slice(place, place + 1)
        fields = {name: field[part] for name, field in vars(self).items() if name != "shape"}
        return replace(self, **fields)

    def cumulative(self, symbols: Int64) -> Int64:
        """Frequency of all symbols below `symbols` (n,), of 2^24."""
        steps = ((symbols << self.low_bits) << MEAN_BITS) - (1 << (MEAN_BITS - 1)) + self.offset
        fraction, whole = self.log_scale & 15, self.log_scale >> SCALE_BITS
        place = (steps * 4 * _MANTISSAS[fraction]) >> (15 + whole)
        place = np.clip(place, -_FARTHEST, _FARTHEST)
        distance = np.abs(place)
        at, between = distance >> _BETWEEN_BITS, distance & ((1 << _BETWEEN_BITS) - 1)
        near, far = self.shape[at], self.shape[at + 1]
        mass = near + (((far - near) * between) >> _BETWEEN_BITS)
        mass = np.where(place < 0, (1 << TOTAL_BITS) - mass, mass)
        number = self.highest - self.lowest + 1
        scaled = (mass * ((1 << TOTAL_BITS) - number)) >> TOTAL_BITS
        inner = scaled + symbols - self.lowest
        inner = np.where(symbols <= self.lowest, 0, inner)
        return np.where(symbols > self.highest, 1 << TOTAL_BITS, inner)
