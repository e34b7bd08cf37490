"""Rate-distortion optimized quantization (RDOQ): rounding that weighs error against bits.

A latent between two integers may become either. The nearer one makes the smaller error; the one
nearer to 0 usually takes fewer bits. Once the tables of a slice are known, an encoder knows how
many, and takes the one with the lower cost of error and rate together (K. Ramchandran and M.
Vetterli, "Rate-distortion optimal fast thresholding with complete JPEG/MPEG decoder compatibility",
1994). Decoders read either.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from aecodec.arrays import Codes, Int32, Latents
from aecodec.entropy.prior import Prior
from aecodec.entropy.slices import Slice, decided_slices, in_coding_order
from aecodec.entropy.spatial_context import SpatialContext
from aecodec.entropy.symbols import FixedSymbols, Members, Symbols
from aecodec.quantization.levels import FACTOR_BITS, Level, round_scaled

_LAMBDA = 5
"""Squared error that 1/256 bit is worth, in 2**-15 of a squared step: 0.04 per bit. At high rates
theory gives ln(2) / 6 = 0.116; but other symbols are coded in the context of these. By the squared
error of photographs, 0.03 and 0.08 do equally well; by MS-SSIM and SSIMULACRA2, which miss the
faint texture that becomes zeros, 0.03 takes 2 % fewer bytes."""

_STEP = 1 << FACTOR_BITS


def nearest_symbols(level: Level, latents: Latents) -> Symbols:
    """Quantize latents (..., channels) to the nearest codes of a level."""
    return FixedSymbols(level.quantize(level.channels_of(latents)))


def rdoq_symbols(level: Level, latents: Latents) -> Symbols:
    """Quantize latents (..., channels) by RDOQ; to the nearest codes where a level has no gains."""
    if not level.gains:
        return nearest_symbols(level, latents)
    return RdoqSymbols(level.channels_of(latents), level.factors)


class RdoqSymbols:
    """Codes that are decided while they are encoded.

    Args:
        latents: (N, K) int8 latents.
        factors: (K,) size of a unit of the latents, in 2**-15 of a quantization step.

    >>> from aecodec.entropy.coding import decide
    >>> tables = np.zeros((1, 1)), np.zeros((1, 1)), [0]
    >>> prior = Prior(np.array([[100, 65335, 100, 1]]), -1, *tables)
    >>> tenth_of_a_step = np.array([_STEP // 10])
    >>> symbols = RdoqSymbols(np.array([[4], [6], [9]]), tenth_of_a_step)
    >>> decide(prior, symbols, None).ravel().tolist()
    [0, 0, 1]
    """

    def __init__(self, latents: npt.NDArray[np.integer[Any]], factors: Int32) -> None:
        self._latents, self._factors = latents, factors
        self.codes = round_scaled(latents * factors)

    def slices(
        self, prior: Prior, members: Members, selected: Int32, spatial: SpatialContext | None
    ) -> Iterator[Slice]:
        codes, latents = (
            in_coding_order(prior, each[members]) for each in (self.codes, self._latents)
        )
        order, factors = prior.order, self._factors[prior.order]

        def decide(places: slice, rows: npt.NDArray[Any], first: npt.NDArray[Any]) -> Codes:
            symbols = codes[places]
            place, vector = np.nonzero(symbols)
            scaled = latents[places][place, vector] * factors[places][place]
            symbol = symbols[place, vector].astype(np.int32)
            reduced = _is_better_reduced(
                prior, symbol, scaled, rows[place, vector], first[place, vector]
            )
            place, vector, sign = place[reduced], vector[reduced], np.sign(symbol[reduced])
            symbols[place, vector] -= sign
            self.codes[members[vector], order[places][place]] -= sign
            return symbols

        return decided_slices(prior, decide, selected, spatial)


def _is_better_reduced(
    prior: Prior, symbol: Int32, scaled: Int32, row: npt.NDArray[Any], first: Int32
) -> npt.NDArray[np.bool_]:
    """Whether symbols other than 0 cost less, error and rate together, when moved towards 0 by 1.

    Args:
        prior: prior with which they are coded.
        symbol: (n,) symbols nearest to the latents.
        scaled: (n,) latents in 2**-15 of a step.
        row: (n,) rows of the bank with which the symbols are coded.
        first: (n,) symbol of the first column of these rows.
    """
    sign = np.sign(symbol)
    column, nearer = symbol - first, symbol - sign - first
    saved = (
        prior.costs[row, prior.clamp_to_escape(column)]
        - prior.costs[row, prior.clamp_to_escape(nearer)]
    )
    more_error = 2 * sign * (scaled - symbol * _STEP) + _STEP
    return np.asarray(more_error < _LAMBDA * saved)
