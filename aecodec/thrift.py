"""Rounding that knows what each symbol costs.

A latent between two integers may become either: the nearer one makes the smaller error, and the
one nearer to 0 mostly takes fewer bits. Once a slice's tables are known, an encoder knows how many,
and takes the one with less error and rate together (K. Ramchandran and M. Vetterli,
"Rate-distortion optimal fast thresholding with complete JPEG/MPEG decoder compatibility", 1994).
Decoders read either.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from aecodec.levels import FACTOR_BITS, Level, nearest
from aecodec.neighbours import Codes, Grid
from aecodec.symbols import Given, Symbols, SymbolsAt, by_place

if TYPE_CHECKING:
    from aecodec.prior import Prior

Int8 = npt.NDArray[np.int8]
Integers = npt.NDArray[np.int32]

_WORTH = 10
"""Of 1/256 bit, in 2**-15 of a squared step: 0.08 a bit, as measured. At high rates theory has
ln(2) / 6 = 0.116; but other symbols are coded in the context of these."""

_STEP = 1 << FACTOR_BITS


def rounded(level: Level, integers: Int8) -> Symbols:
    """The network's integers as codes of a level, all rounded alike."""
    return Given(level.codes(level.own(integers)))


def thrifty(level: Level, integers: Int8) -> Symbols:
    """As :func:`rounded`; but where the level has gains, each code will be worth its bits."""
    if not level.gains:
        return rounded(level, integers)
    return Thrifty(level.scaled(level.own(integers)))


class Thrifty:
    """Codes that are decided while they are encoded.

    Args:
        scaled: (N, K) latents in 2**-15 of a step.

    >>> from aecodec.prior import Prior
    >>> tables = np.zeros((1, 1)), np.zeros((1, 1)), [0]
    >>> dear = Prior(np.array([[100, 65335, 100, 1]]), -1, *tables)
    >>> latents = np.array([[0.4], [0.6], [0.9]]) * _STEP
    >>> Thrifty(latents.astype(np.int32)).settled(dear, None).ravel().tolist()
    [0, 0, 1]
    """

    def __init__(self, scaled: Integers) -> None:
        self._scaled = scaled
        self.codes = nearest(scaled)

    def of(self, prior: Prior, members: npt.NDArray[np.intp]) -> SymbolsAt:
        codes, scaled = (by_place(prior, each[members]) for each in (self.codes, self._scaled))
        order = np.array(prior.order)

        def decided(places: slice, rows: npt.NDArray[Any], offset: npt.NDArray[Any]) -> Codes:
            symbols = codes[places]
            place, vector = _dear(prior, symbols, scaled[places], rows, offset)
            towards_0 = np.sign(symbols[place, vector])
            symbols[place, vector] -= towards_0
            self.codes[members[vector], order[places][place]] -= towards_0
            return symbols

        return decided

    def settled(self, prior: Prior, grid: Grid | None) -> Codes:
        for _, _, slices in prior.located(self, grid):
            for _ in slices:
                pass  # each is decided as it comes
        return self.codes


def _dear(
    prior: Prior,
    symbols: Codes,
    scaled: Integers,
    rows: npt.NDArray[Any],
    offset: npt.NDArray[Any],
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Places and vectors of symbols that cost more bits than they are worth."""
    at = np.nonzero(symbols)
    symbol, row = symbols[at].astype(np.int32), rows[at]
    sign = np.sign(symbol)
    column = symbol - prior.first - np.broadcast_to(offset, rows.shape)[at]
    nearer = column - sign
    saved = prior.costs[row, prior.held(column)] - prior.costs[row, prior.held(nearer)]
    more_error = 2 * sign * (scaled[at] - symbol * _STEP) + _STEP
    dear = more_error < _WORTH * saved
    return at[0][dear], at[1][dear]
