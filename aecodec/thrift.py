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

from aecodec.levels import FACTOR_BITS, Int8, Integers, Level, nearest
from aecodec.neighbours import Codes, Grid
from aecodec.symbols import Given, Symbols, SymbolsAt, by_place

if TYPE_CHECKING:
    from aecodec.prior import Prior

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
    return Thrifty(level.own(integers), level.factors)


class Thrifty:
    """Codes that are decided while they are encoded.

    Args:
        integers: (N, K) of the network.
        factors: (K,) what an integer is worth, in 2**-15 of a step.

    >>> from aecodec.prior import Prior
    >>> tables = np.zeros((1, 1)), np.zeros((1, 1)), [0]
    >>> dear = Prior(np.array([[100, 65335, 100, 1]]), -1, *tables)
    >>> a_tenth = np.array([_STEP // 10])
    >>> Thrifty(np.array([[4], [6], [9]]), a_tenth).settled(dear, None).ravel().tolist()
    [0, 0, 1]
    """

    def __init__(self, integers: npt.NDArray[np.integer[Any]], factors: Integers) -> None:
        self._integers, self._factors = integers, factors
        self.codes = nearest(integers * factors)

    def of(self, prior: Prior, members: npt.NDArray[np.intp], codes: Codes) -> SymbolsAt:
        codes, integers = by_place(prior, codes), by_place(prior, self._integers[members])
        order, factors = np.array(prior.order), self._factors[prior.order]

        def decided(places: slice, rows: npt.NDArray[Any], offset: npt.NDArray[Any]) -> Codes:
            symbols = codes[places]
            place, vector = np.nonzero(symbols)
            scaled = integers[places][place, vector] * factors[places][place]
            first = np.broadcast_to(offset, rows.shape)[place, vector] + prior.first
            symbol = symbols[place, vector].astype(np.int32)
            dear = _are_dear(prior, symbol, scaled, rows[place, vector], first)
            place, vector, towards_0 = place[dear], vector[dear], np.sign(symbol[dear])
            symbols[place, vector] -= towards_0
            self.codes[members[vector], order[places][place]] -= towards_0
            return symbols

        return decided

    def settled(self, prior: Prior, grid: Grid | None) -> Codes:
        for _, _, slices in prior.located(self, grid):
            for _ in slices:
                pass  # each is decided as it comes
        return self.codes


def _are_dear(
    prior: Prior, symbol: Integers, scaled: Integers, row: npt.NDArray[Any], first: Integers
) -> npt.NDArray[np.bool_]:
    """Whether symbols other than 0 cost more bits than they are worth.

    Args:
        prior: whose tables these are.
        symbol: (n,) nearest to the latents.
        scaled: (n,) the latents, in 2**-15 of a step.
        row: (n,) of the bank, where the symbols are.
        first: (n,) what symbol the first column is there.
    """
    sign = np.sign(symbol)
    column, nearer = symbol - first, symbol - sign - first
    saved = prior.costs[row, prior.held(column)] - prior.costs[row, prior.held(nearer)]
    more_error = 2 * sign * (scaled - symbol * _STEP) + _STEP
    return np.asarray(more_error < _WORTH * saved)
