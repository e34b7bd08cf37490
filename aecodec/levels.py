"""Quality levels: the network's integers to codes, and back.

All levels see the same integers. A level rounds them more or less coarsely: all channels alike,
to multiples of a step, or each with a gain of its own (Z. Cui et al., "Asymmetric gained deep
image compression with continuous rate adaptation", 2021). Gains are stored as logarithms, so a
level between two others is a weighted mean of integers, and every machine finds the same one.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from aecodec.container import LEVEL_UNITS
from aecodec.errors import FormatError
from aecodec.neighbours import Codes

Int8 = npt.NDArray[np.int8]
Integers = npt.NDArray[np.int32]

GAIN_UNITS = 256
"""Gains are counted in 256ths of an octave."""

LEAST_GAIN = -8 * GAIN_UNITS
FACTOR_BITS = 15
_HALF = 1 << (FACTOR_BITS - 1)

DEAD_ZONE = 0.58
"""Where there are gains, what lies nearer to 0 than so much of a step is coded as 0: a 1 would cost
more bits than the error is worth (G. J. Sullivan, "Efficient scalar quantization of exponential
and Laplacian random variables", 1996). Only encoders know."""

_DEAD = round(DEAD_ZONE * (1 << FACTOR_BITS))


@dataclass(frozen=True)
class Level:
    """One quality level of a codec.

    Attributes:
        start: the first channel of the encoder's output that belongs to this level.
        stop: the channel after its last; K = stop - start is the level's code dimension.
        multiple: odd; this level's quantisation step in steps of the network's integers. The
            rounding of an integer to an odd multiple never meets a tie, so it equals the
            rounding of the latent itself.
        gains: K logarithms in 256ths of an octave, -2048 to 0, of what the integers are
            multiplied by before they are rounded; `multiple` is 1 then. Empty without gains.

    >>> integers = np.array([[-2], [-1], [1], [2]], np.int16)
    >>> Level(0, 1, multiple=3).codes(integers).ravel().tolist()
    [-1, 0, 0, 1]
    >>> Level(0, 1, gains=(-256,)).codes(integers).ravel().tolist()
    [-1, 0, 0, 1]
    """

    start: int
    stop: int
    multiple: int = 1
    gains: tuple[int, ...] = ()

    @cached_property
    def factors(self) -> Integers:
        """(K,) the gains as multiples of 2**-15.

        No logarithm lies near a tie (a test looks at all), so every machine has the same ones.
        """
        return np.rint(np.exp2(FACTOR_BITS + np.array(self.gains) / GAIN_UNITS)).astype(np.int32)

    def codes(self, integers: npt.NDArray[np.integer]) -> Codes:
        """The network's integers (N, K) to codes: multiplied or divided, and rounded.

        >>> Level(0, 1, gains=(-256,)).codes(np.array([[1], [2]], np.int8)).ravel().tolist()
        [0, 1]
        """
        if not self.gains:
            step = np.int16(self.multiple)
            return np.floor_divide(integers.astype(np.int16) + step // np.int16(2), step)
        scaled = integers * self.factors
        codes = nearest(scaled)
        codes[np.abs(scaled) < _DEAD] = 0
        return codes

    def codes_in(self, integers: Int8) -> Codes:
        """The encoder's output (N, *code_shape) to this level's codes (N * vectors, K)."""
        return self.codes(self.own(integers))

    def own(self, integers: Int8) -> Int8:
        """The encoder's output (N, *code_shape) to what belongs to this level (N * vectors, K)."""
        return integers.reshape(-1, integers.shape[-1])[:, self.start : self.stop]

    def integers(self, codes: Codes) -> Int8:
        """Codes (N, K) to integers for the network, in -128..127.

        Raises:
            FormatError: codes that no encoder makes.
        """
        least, most = self._reach
        if not ((codes >= least) & (codes <= most)).all():
            raise FormatError("damaged: a code is outside of what this codec's encoder makes")
        wide = codes.astype(np.int32)
        if not self.gains:
            return np.clip(wide * self.multiple, -128, 127).astype(np.int8)
        rounded = ((wide << (FACTOR_BITS + 1)) + self.factors) // (2 * self.factors)
        return np.clip(rounded, -128, 127).astype(np.int8)

    def spread(self, codes: Codes, into: Int8) -> None:
        """Put the integers of codes (N, K) into this level's channels of others.

        Args:
            codes: of N vectors.
            into: (..., channels) of all levels, N vectors.

        Raises:
            FormatError: codes that no encoder makes.
        """
        own = into[..., self.start : self.stop]
        own[...] = self.integers(codes).reshape(own.shape)

    def rounded(self, integers: Int8) -> Int8:
        """The encoder's output (..., channels) as a file gives it back; 0 in other channels.

        >>> Level(1, 2, multiple=3).rounded(np.array([[5, 5]], np.int8)).tolist()
        [[0, 6]]
        """
        rounded = np.zeros_like(integers)
        self.spread(self.codes_in(integers), rounded)
        return rounded

    @property
    def _reach(self) -> tuple[Codes, Codes]:
        """The least and the largest codes: of -128 and of 127, with no regard to the dead zone."""
        ends = np.repeat(np.array([[-128], [127]], np.int16), self.stop - self.start, axis=1)
        least, most = nearest(ends * self.factors) if self.gains else self.codes(ends)
        return least, most

    def towards(self, other: Level, sixteenths: int) -> Level:
        """The level so far on the way to another one, of the same channels and with gains.

        >>> Level(0, 1, gains=(-512,)).towards(Level(0, 1, gains=(-256,)), 4).gains
        (-448,)
        """
        pairs = zip(self.gains, other.gains, strict=True)
        between = ((LEVEL_UNITS - sixteenths) * a + sixteenths * b for a, b in pairs)
        return Level(self.start, self.stop, gains=tuple(each // LEVEL_UNITS for each in between))


def nearest(scaled: Integers) -> Codes:
    """Multiples of 2**-15 to the nearest integers."""
    return ((scaled + _HALF) >> FACTOR_BITS).astype(np.int16)
