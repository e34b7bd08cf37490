"""Quality levels: int8 latents to codes (quantization), and back (dequantization).

All levels quantize the same latents with different precision: with one step for all channels, or
with a gain per channel (Z. Cui et al., "Asymmetric gained deep image compression with continuous
rate adaptation", 2021). Gains are stored as logarithms. Levels between two whole levels are
therefore weighted means of integers, which every machine computes identically.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from aecodec.base.arrays import Codes, Int32, Latents
from aecodec.base.errors import UsageError
from aecodec.format.container import LEVEL_UNITS
from aecodec.native.tables import LevelTables, gain_factors

GAIN_UNITS = 256
"""Gains are stored as logarithms in units of 1/256 octave."""

MIN_GAIN = -8 * GAIN_UNITS


class Level(NamedTuple):
    """One quality level of a codec.

    Attributes:
        start: the level's first channel of the latents.
        stop: the channel after the last; K = stop - start is the code dimension of the level.
        multiple: odd quantization step, in units of the int8 latents. Rounding an integer to an odd
            multiple has no ties, so the result is the same as after rounding the float latent.
        gains: logarithms of the K factors by which latents are multiplied before rounding, in units
            of 1/256 octave, -2048 to 0; `multiple` is then 1. Empty for a level without gains.

    >>> latents = np.array([[-2], [-1], [1], [2]], np.int8)
    >>> Level(0, 1, multiple=3).quantize(latents).ravel().tolist()
    [-1, 0, 0, 1]
    >>> Level(0, 1, gains=(-256,)).quantize(latents).ravel().tolist()
    [-1, 0, 0, 1]
    """

    start: int
    stop: int
    multiple: int = 1
    gains: tuple[int, ...] = ()

    @property
    def code_dimension(self) -> int:
        """K, the number of channels of a code vector."""
        return self.stop - self.start

    @property
    def factors(self) -> Int32:
        """(K,) gains as multiples of 2**-15."""
        return gain_factors(self.gains).astype(np.int32)

    def channels_of(self, latents: Latents) -> Latents:
        """Select this level's latents (N, K) from the latents (..., channels) of all levels."""
        return latents.reshape(-1, latents.shape[-1])[:, self.start : self.stop]

    def quantize(self, latents: Latents) -> Codes:
        """Quantize int8 latents (N, K) of this level to int8 codes (N, K).

        With gains, latents below 0.58 of a step become 0, because a 1 would cost more bits than the
        error is worth (G. J. Sullivan, "Efficient scalar quantization of exponential and Laplacian
        random variables", 1996).
        """
        level = self._replace(start=0, stop=self.code_dimension)
        return _tables(level, self.code_dimension).quantize(latents)

    def dequantize(self, codes: Codes) -> Latents:
        """Dequantize codes (N, K) to latents (N, K) in -128..127."""
        return _tables(self, self.stop).dequantize(codes)[:, self.start :]

    def requantize(self, latents: Latents) -> Latents:
        """Quantize and dequantize latents (..., channels); channels of other levels become 0."""
        tables = _tables(self, latents.shape[-1])
        return tables.dequantize(tables.quantize(latents)).reshape(latents.shape)

    def interpolate(self, target: Level, sixteenths: int) -> Level:
        """Return the level `sixteenths` of the way to a target; both have gains, and the same K."""
        pairs = zip(self.gains, target.gains, strict=True)
        sums = ((LEVEL_UNITS - sixteenths) * a + sixteenths * b for a, b in pairs)
        return Level(self.start, self.stop, gains=tuple(gain // LEVEL_UNITS for gain in sums))


@cache
def _tables(level: Level, channels: int) -> LevelTables:
    """The quantization of a level, for latents (N, channels) of all levels."""
    if channels < level.stop:
        raise UsageError(f"the level needs latents with {level.stop} channels, not {channels}")
    numbers = {
        "start": level.start,
        "code_dimension": level.code_dimension,
        "latent_channels": channels,
        "multiple": level.multiple,
    }
    return LevelTables(numbers, {"factors": gain_factors(level.gains)} if level.gains else {})


_MAX_WEIGHT = 255


class RateWeight(NamedTuple):
    """The weight of bits against squared error, for each vector.

    Texture hides errors, and flat areas show them (contrast masking; A. B. Watson, "DCT
    quantization matrices visually optimized for individual images", 1993). With masking, the weight
    of bits therefore increases with the number of a vector's codes that differ from 0. On Kodak,
    `photo` then needs 2.3 % fewer bytes by SSIMULACRA2 and 2.7 % fewer by MS-SSIM, but 1.3 % more
    by PSNR.

    `most`, 0 to 255, is the largest weight: the squared error that 1/256 bit is worth, in 2**-15 of
    a squared step. The default is 0.06 per bit. For high rates, theory predicts ln(2) / 6 = 0.116,
    but ignores that each symbol is also context for other symbols. `masking`, up to 255, is the
    number of nonzero codes per unit of weight; 0 gives every vector the highest weight.
    """

    most: int = 8
    masking: int = 0


UNMASKED = RateWeight()
"""The default weight of codecs."""


def read_rate_weight(values: Mapping[str, Any]) -> RateWeight:
    """Read a weight from JSON or TOML; TypeError for unknown keys, ValueError unless 0 to 255."""
    weight = RateWeight(**values)
    for number in weight:
        if type(number) is not int or not 0 <= number <= _MAX_WEIGHT:
            raise ValueError(f"rdoq contains {number!r}: use integers from 0 to {_MAX_WEIGHT}")
    return weight
