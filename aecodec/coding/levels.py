"""Quality levels: int8 latents to codes (quantization), and back (dequantization).

All levels see the same latents. A level quantizes them more or less coarsely: with one step for all
channels, or with a gain for each (Z. Cui et al., "Asymmetric gained deep image compression with
continuous rate adaptation", 2021). Gains are stored as logarithms, so a level between two others is
a weighted mean of integers, and every machine finds the same one.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from aecodec.arrays import Codes, Int32, Latents
from aecodec.errors import FormatError
from aecodec.format.container import LEVEL_UNITS

GAIN_UNITS = 256
"""Gains are counted in 256ths of an octave."""

MIN_GAIN = -8 * GAIN_UNITS
FACTOR_BITS = 15
_HALF = 1 << (FACTOR_BITS - 1)

DEAD_ZONE = 0.58
"""With gains, latents below this fraction of a step are coded as 0: a 1 would cost more bits than
the error is worth (G. J. Sullivan, "Efficient scalar quantization of exponential and Laplacian
random variables", 1996). Only encoders know of it."""

_DEAD = round(DEAD_ZONE * (1 << FACTOR_BITS))


@dataclass(frozen=True)
class Level:
    """One quality level of a codec.

    Attributes:
        start: first channel of the latents that belongs to this level.
        stop: channel after its last; K = stop - start is the code dimension of the level.
        multiple: odd quantization step, in units of the int8 latents. Rounding an integer to an odd
            multiple never meets a tie, so it equals rounding the float latent itself.
        gains: K logarithms, in 256ths of an octave, -2048 to 0, of the factors by which latents are
            multiplied before they are rounded; `multiple` is 1 then. Empty without gains.

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

    @cached_property
    def factors(self) -> Int32:
        """(K,) gains as multiples of 2**-15.

        No gain lies near a tie (a test checks all of them), so every machine has the same factors.
        """
        return np.rint(np.exp2(FACTOR_BITS + np.array(self.gains) / GAIN_UNITS)).astype(np.int32)

    def channels_of(self, latents: Latents) -> Latents:
        """Latents (..., channels of all levels) to the (N, K) that belong to this level."""
        return latents.reshape(-1, latents.shape[-1])[:, self.start : self.stop]

    def quantize(self, latents: npt.NDArray[np.integer]) -> Codes:
        """Quantize latents (N, K) of this level to codes (N, K).

        >>> Level(0, 1, gains=(-256,)).quantize(np.array([[1], [2]], np.int8)).ravel().tolist()
        [0, 1]
        """
        if not self.gains:
            step = np.int16(self.multiple)
            return np.floor_divide(latents.astype(np.int16) + step // np.int16(2), step)
        scaled = latents * self.factors
        codes = round_scaled(scaled)
        codes[np.abs(scaled) < _DEAD] = 0
        return codes

    def check(self, codes: Codes) -> None:
        """Check that codes (N, K) are such as an encoder makes.

        Raises:
            FormatError: they are not.
        """
        least, most = self._code_range
        if not ((codes >= least) & (codes <= most)).all():
            raise FormatError("damaged: a code is outside of what this codec's encoder makes")

    def dequantize(self, codes: Codes) -> Latents:
        """Dequantize codes (N, K) to latents (N, K) in -128..127.

        Raises:
            FormatError: codes that no encoder makes.
        """
        self.check(codes)
        wide = codes.astype(np.int32)
        if not self.gains:
            return np.clip(wide * self.multiple, -128, 127).astype(np.int8)
        rounded = ((wide << (FACTOR_BITS + 1)) + self.factors) // (2 * self.factors)
        return np.clip(rounded, -128, 127).astype(np.int8)

    def dequantize_into(self, codes: Codes, latents: Latents) -> None:
        """Write the dequantized latents of N vectors into this level's channels of an array.

        Args:
            codes: (N, K) codes.
            latents: (..., channels of all levels) of N vectors, changed in place.

        Raises:
            FormatError: codes that no encoder makes.
        """
        own = latents[..., self.start : self.stop]
        own[...] = self.dequantize(codes).reshape(own.shape)

    def requantize(self, latents: Latents) -> Latents:
        """Latents (..., channels) as a decoder gets them back; 0 in the channels of other levels.

        >>> Level(1, 2, multiple=3).requantize(np.array([[5, 5]], np.int8)).tolist()
        [[0, 6]]
        """
        result = np.zeros_like(latents)
        self.dequantize_into(self.quantize(self.channels_of(latents)), result)
        return result

    @cached_property
    def _code_range(self) -> tuple[Codes, Codes]:
        """The least and the largest code of each channel: of -128 and 127, without a dead zone."""
        ends = np.repeat(np.array([[-128], [127]], np.int16), self.code_dimension, axis=1)
        least, most = round_scaled(ends * self.factors) if self.gains else self.quantize(ends)
        return least, most

    def interpolate(self, other: Level, sixteenths: int) -> Level:
        """The level `sixteenths` of the way to another one with the same channels and with gains.

        >>> Level(0, 1, gains=(-512,)).interpolate(Level(0, 1, gains=(-256,)), 4).gains
        (-448,)
        """
        pairs = zip(self.gains, other.gains, strict=True)
        between = ((LEVEL_UNITS - sixteenths) * a + sixteenths * b for a, b in pairs)
        return Level(self.start, self.stop, gains=tuple(each // LEVEL_UNITS for each in between))


def round_scaled(scaled: Int32) -> Codes:
    """Round multiples of 2**-15 to the nearest integers, halves up."""
    return ((scaled + _HALF) >> FACTOR_BITS).astype(np.int16)
