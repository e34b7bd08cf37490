"""Where an encoder has its symbols from: decided codes, or such as are decided on the way."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from aecodec.neighbours import Codes, Grid

if TYPE_CHECKING:
    from aecodec.prior import Prior

SymbolsAt = Callable[[slice, npt.NDArray[Any], npt.NDArray[Any]], Codes]
"""Places of the order, and rows of the bank and offsets there, to symbols (n, N)."""


class Symbols(Protocol):
    """Codes, some of them perhaps undecided."""

    codes: Codes
    """(N, K); near to what is undecided."""

    def of(self, prior: Prior, members: npt.NDArray[np.intp], codes: Codes) -> SymbolsAt:
        """What tells the symbols of some vectors, of these codes, one slice after the other."""

    def settled(self, prior: Prior, grid: Grid | None) -> Codes:
        """(N, K) all codes, decided as they are when they are encoded."""


class Given:
    """Codes that are decided."""

    def __init__(self, codes: Codes) -> None:
        self.codes = codes

    def of(self, prior: Prior, members: npt.NDArray[np.intp], codes: Codes) -> SymbolsAt:
        return given(prior, codes)

    def settled(self, prior: Prior, grid: Grid | None) -> Codes:
        return self.codes


def given(prior: Prior, codes: Codes) -> SymbolsAt:
    """The symbols of codes (N, K) that are decided."""
    symbols = by_place(prior, codes)
    return lambda places, rows, offset: symbols[places]


def by_place(prior: Prior, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """(N, K) to (K, N), in the order of coding; a copy."""
    return np.ascontiguousarray(values[:, prior.order].T)
