"""The message coder of the Python engine, and its quantization (RDOQ).

Rate-distortion optimized quantization is rounding that weighs error against bits. A latent between
two integers may become either. The nearer integer makes the smaller error; the integer nearer to 0
usually takes fewer bits. The tables of a slice tell the encoder how many bits each takes, and it
selects the integer with the lower total cost of error and rate (K. Ramchandran and M. Vetterli,
"Rate-distortion optimal fast thresholding with complete JPEG/MPEG decoder compatibility", 1994).
Decoders read either.
"""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from aecodec.arrays import Codes, Int32, Latents
from aecodec.coding.levels import FACTOR_BITS, Level, RateWeight, round_scaled
from aecodec.coding.payload import Segment
from aecodec.entropy import coding
from aecodec.entropy.prior import Prior
from aecodec.entropy.range_coder import FASTEST, RangeCoder
from aecodec.entropy.slices import (
    FixedSymbols,
    Members,
    Slice,
    Symbols,
    decided_slices,
    in_coding_order,
)
from aecodec.entropy.spatial_context import SpatialContext

_STEP = 1 << FACTOR_BITS


Quantizer = Callable[[Latents], Symbols]
"""Converts latents (..., channels of all levels) to the symbols of a level."""


def nearest_symbols(level: Level, latents: Latents) -> Symbols:
    """Quantize latents (..., channels) to the nearest codes of a level."""
    return FixedSymbols(level.quantize(level.channels_of(latents)))


def rdoq_symbols(weight: RateWeight, level: Level, latents: Latents) -> Symbols:
    """Quantize latents (..., channels) by RDOQ, or to the nearest codes if a level has no gains."""
    if not level.gains:
        return nearest_symbols(level, latents)
    return RdoqSymbols(level.channels_of(latents), level.factors, weight)


class RdoqSymbols:
    """Codes of int8 latents (N, K) that are decided while they are encoded.

    `factors` (K,) are the size of a unit of the latents, in 2**-15 of a quantization step.

    >>> from aecodec.entropy.coding import decide
    >>> prior = Prior(np.array([[100, 65335, 100, 1]]), -1, np.zeros((1, 1)), np.zeros((1, 1)), [0])
    >>> tenth_of_a_step = np.array([_STEP // 10])
    >>> symbols = RdoqSymbols(np.array([[4], [6], [9]]), tenth_of_a_step, RateWeight())
    >>> decide(prior, symbols, None).ravel().tolist()
    [0, 0, 1]
    """

    def __init__(
        self, latents: npt.NDArray[np.integer[Any]], factors: Int32, weight: RateWeight
    ) -> None:
        self._latents, self._factors = latents, factors
        self.codes = round_scaled(latents * factors)
        self._weights = weight.of(self.codes)

    def slices(
        self, prior: Prior, members: Members, selected: Int32, spatial: SpatialContext | None
    ) -> Iterator[Slice]:
        codes = in_coding_order(prior, self.codes[members])
        latents = in_coding_order(prior, self._latents[members])
        order, factors = prior.order, self._factors[prior.order]
        weights = self._weights[members]

        def decide(places: slice, rows: npt.NDArray[Any], first: npt.NDArray[Any]) -> Codes:
            symbols = codes[places]
            place, vector = np.nonzero(symbols)
            scaled = latents[places][place, vector] * factors[places][place]
            symbol = symbols[place, vector].astype(np.int32)
            saved = _saved_costs(prior, symbol, rows[place, vector], first[place, vector])
            reduced = _added_error(symbol, scaled) < weights[vector] * saved
            place, vector, sign = place[reduced], vector[reduced], np.sign(symbol[reduced])
            symbols[place, vector] -= sign
            self.codes[members[vector], order[places][place]] -= sign
            return symbols

        return decided_slices(prior, decide, selected, spatial)


def _saved_costs(prior: Prior, symbol: Int32, row: npt.NDArray[Any], first: Int32) -> Any:
    """Cost in 1/256 bit that is saved by moving symbols (n,) other than 0 towards 0 by 1.

    `row` (n,) are the rows of the bank that code them, `first` (n,) the symbols of their first
    columns.
    """
    column, nearer = symbol - first, symbol - np.sign(symbol) - first
    return (
        prior.costs[row, prior.clamp_to_escape(column, row)]
        - prior.costs[row, prior.clamp_to_escape(nearer, row)]
    )


def _added_error(symbol: Int32, scaled: Int32) -> Any:
    """Squared error that moving symbols (n,) towards 0 by 1 adds, in 2**-15 of a squared step.

    The latents `scaled` (n,) are in 2**-15 of a step.
    """
    return 2 * np.sign(symbol) * (scaled - symbol * _STEP) + _STEP


class PriorCoder(NamedTuple):
    """A message coder in NumPy. It is the readable reference; all others write identical bytes."""

    prior: Prior
    level: Level
    quantizer: Quantizer
    range_coder: RangeCoder = FASTEST

    def encode(self, latents: Latents, segment: Segment) -> tuple[bytes, Codes]:
        symbols = self.quantizer(latents)
        message = coding.encode_symbols(self.prior, symbols, segment.grid, self.range_coder)
        return message, symbols.codes

    def decide(self, latents: Latents, segment: Segment) -> Codes:
        return coding.decide(self.prior, self.quantizer(latents), segment.grid)

    def decode(self, message: bytes, segment: Segment) -> Codes:
        return coding.decode(self.prior, message, segment.vectors, segment.grid, self.range_coder)

    def dequantize_into(self, codes: Codes, latents: Latents) -> None:
        self.level.dequantize_into(codes, latents)
