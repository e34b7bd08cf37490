"""The slices of code vectors in the order of coding, and the tables with which they are coded."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from aecodec.arrays import Codes, Int32
from aecodec.entropy.context_network import POSITION_BITS, POSITIONS, ContextState
from aecodec.entropy.prior import Prior
from aecodec.entropy.spatial_context import SpatialContext
from aecodec.entropy.symbols import SliceSymbols

_EIGHTHS = POSITIONS - 1
"""Bits of a position below a whole symbol; NumPy takes fifty times as long for a remainder."""


class Slice(NamedTuple):
    """The symbols of N vectors in n channels that are coded together.

    Attributes:
        symbols: (n, N) symbols.
        rows: (n, N) rows of the bank with which they are coded.
        columns: (n, N) their columns in these rows; that of the escape is the last.
    """

    symbols: Codes
    rows: npt.NDArray[Any]
    columns: Int32


class SliceTables:
    """Finds the tables of each slice of N vectors, once the slices before it are known.

    Args:
        prior: prior of the vectors.
        selected: (N,) the prior that each vector selected.
        spatial: spatial context of the vectors, if they have one.
    """

    def __init__(self, prior: Prior, selected: Int32, spatial: SpatialContext | None) -> None:
        selected_or_all = selected if prior.priors > 1 else np.zeros(1, np.int32)
        self._table = prior.table.T.astype(np.int32)[prior.order][:, selected_or_all]
        self._offset = prior.offset.T.astype(np.int32)[prior.order][:, selected_or_all]
        self._count = len(selected)
        self._shapes = len(prior.bank) // POSITIONS
        self._context = (
            ContextState(prior.context, len(selected), selected_or_all, self._offset, spatial)
            if prior.context
            else None
        )

    def tables(self, places: slice) -> tuple[Int32, Int32]:
        """Rows of the bank and offsets, (n, N) each, of the channels at these places."""
        row, offset = self._table[places], self._offset[places]
        if self._context is None:
            row, offset = np.broadcast_arrays(row, offset, np.empty((1, self._count)))[:2]
            return row, offset
        eighths, shapes = self._context.moves(places)
        position = (offset << POSITION_BITS) + (row & _EIGHTHS) + eighths
        shape = ((row >> POSITION_BITS) + shapes).clip(0, self._shapes - 1)
        return (shape << POSITION_BITS) + (position & _EIGHTHS), position >> POSITION_BITS

    def update(self, places: slice, codes: Codes) -> None:
        """Take in the codes (n, N) of the channels at these places."""
        if self._context is not None:
            self._context.update(places, codes)


def iter_slices(
    prior: Prior, symbols: SliceSymbols, selected: Int32, spatial: SpatialContext | None = None
) -> Iterator[Slice]:
    """Walk over the slices of N vectors in the order of coding.

    Args:
        prior: prior of the vectors.
        symbols: gives the symbols of each slice.
        selected: (N,) the prior that each vector selected.
        spatial: spatial context of the vectors, if they have one.
    """
    state = SliceTables(prior, selected, spatial)
    for places in prior.slices:
        rows, offset = state.tables(places)
        found = symbols(places, rows, offset)
        yield Slice(found, rows, prior.clamp_to_escape(found - prior.first - offset))
        state.update(places, found)


def group_by_row(rows: npt.NDArray[Any]) -> tuple[npt.NDArray[np.intp], list[tuple[int, slice]]]:
    """Sort symbols by their row of the bank, and find the run of each row among them.

    >>> group_by_row(np.array([[7, 2], [7, 7]]))
    (array([1, 0, 2, 3]), [(2, slice(0, 1, None)), (7, slice(1, 4, None))])
    """
    flat = rows.ravel().astype(np.uint16)  # which NumPy sorts by radix
    counts = np.bincount(flat)
    used = np.flatnonzero(counts)
    ends = np.cumsum(counts[used]).tolist()
    runs = zip(used.tolist(), map(slice, [0, *ends], ends), strict=True)
    return np.argsort(flat, kind="stable"), list(runs)
