"""The slices of code vectors in the order of coding, and the tables that their symbols have."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from aecodec import context
from aecodec.context import POSITION_BITS, POSITIONS
from aecodec.neighbours import Codes, Surroundings
from aecodec.symbols import SymbolsAt

if TYPE_CHECKING:
    from aecodec.prior import Prior

_EIGHTHS = POSITIONS - 1
"""The bits of a position below a symbol's; NumPy takes fifty times as long for a remainder."""

Columns = npt.NDArray[np.int32]
Indices = npt.NDArray[np.int32]
Located = tuple[Codes, npt.NDArray[Any], Columns]
"""(n, N) symbols of a slice; rows of the bank; columns, the escape's last."""


class Sweep:
    """Tells which tables a slice of N vectors has, once the slices before it are known."""

    def __init__(
        self, prior: Prior, chosen: Indices, surroundings: Surroundings | None = None
    ) -> None:
        columns = chosen if prior.priors > 1 else np.zeros(1, np.int32)  # one stands for all
        self._table = prior.table.T.astype(np.int32)[prior.order][:, columns]
        self._offset = prior.offset.T.astype(np.int32)[prior.order][:, columns]
        self._count = len(chosen)
        self._shapes = len(prior.bank) // POSITIONS
        self._context = (
            context.ContextPass(prior.context, len(chosen), columns, self._offset, surroundings)
            if prior.context
            else None
        )

    def tables(self, places: slice) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
        """(n, N) rows of the bank and offsets of the channels at those places of the order."""
        row, offset = self._table[places], self._offset[places]
        if self._context is None:
            row, offset = np.broadcast_arrays(row, offset, np.empty((1, self._count)))[:2]
            return row, offset
        eighths, shapes = self._context.moves(places)
        position = (offset << POSITION_BITS) + (row & _EIGHTHS) + eighths
        shape = ((row >> POSITION_BITS) + shapes).clip(0, self._shapes - 1)
        return (shape << POSITION_BITS) + (position & _EIGHTHS), position >> POSITION_BITS

    def tell(self, places: slice, codes: Codes) -> None:
        """The codes (n, N) of the channels at those places."""
        if self._context is not None:
            self._context.tell(places, codes)


def located(
    prior: Prior, symbols_at: SymbolsAt, chosen: Indices, surroundings: Surroundings | None = None
) -> Iterator[Located]:
    """The slices of n channels in the order of coding, and where the bank has their symbols.

    Args:
        prior: of the codes.
        symbols_at: tells the symbols of N vectors.
        chosen: (N,) the prior of each vector.
        surroundings: of the vectors.

    Yields:
        Those of one slice after the other.
    """
    sweep = Sweep(prior, chosen, surroundings)
    for places in prior.slices:
        rows, offset = sweep.tables(places)
        symbols = symbols_at(places, rows, offset)
        yield symbols, rows, prior.held(symbols - prior.first - offset)
        sweep.tell(places, symbols)


def by_row(rows: npt.NDArray[Any]) -> tuple[npt.NDArray[np.intp], list[tuple[int, slice]]]:
    """Symbols in the order of their rows of the bank, and each row's run among them.

    >>> by_row(np.array([[7, 2], [7, 7]]))
    (array([1, 0, 2, 3]), [(2, slice(0, 1, None)), (7, slice(1, 4, None))])
    """
    flat = rows.ravel().astype(np.uint16)  # which NumPy sorts by radix
    counts = np.bincount(flat)
    used = np.flatnonzero(counts)
    ends = np.cumsum(counts[used]).tolist()
    runs = zip(used.tolist(), map(slice, [0, *ends], ends), strict=True)
    return np.argsort(flat, kind="stable"), list(runs)
