"""Slices of code vectors in the order of coding, and the tables that code them."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from aecodec.arrays import Codes, Int32
from aecodec.entropy.context_network import POSITION_BITS, POSITIONS, ContextState, Step
from aecodec.entropy.prior import Prior
from aecodec.entropy.spatial_context import SpatialContext

_EIGHTHS = np.array(POSITIONS - 1, np.int32)
"""Mask of a position's fraction of a symbol; NumPy takes fifty times as long for a remainder."""

_POSITION_BITS = np.array(POSITION_BITS, np.int32)

_BLOCK = 512
"""Number of vectors whose hidden units fit into the processor's cache."""

Decide = Callable[[slice, npt.NDArray[Any], npt.NDArray[Any]], Codes]
"""Decides the symbols (n, N) of a slice. Its arguments are the places of the slice in the order,
the rows of the bank (n, N), and the symbols of their first columns (n, N)."""


class Slice(NamedTuple):
    """The symbols (n, N) of N vectors in n channels that are coded together.

    Each has a row of the bank, and a column (n, N) in it; the last column is the escape.
    """

    symbols: Codes
    rows: npt.NDArray[Any]
    columns: Int32


class SliceTables:
    """Finds the tables of N vectors step by step, from the codes of earlier steps.

    `selected` (N,) is the prior of each vector; `spatial` is None without spatial context.
    """

    def __init__(self, prior: Prior, selected: Int32, spatial: SpatialContext | None) -> None:
        self._prior, self._count = prior, len(selected)
        self._selected = selected if prior.priors > 1 else np.zeros(1, np.int32)
        self._context: ContextState | None = None
        if prior.context:
            offset = prior.offsets_in_order.take(self._selected, axis=1)
            guesses = prior.positions_and_shapes.take(self._selected, axis=2)
            self._context = ContextState(
                prior.context, self._count, self._selected, offset, guesses, spatial
            )

    def tables(self, step: Step) -> tuple[Int32, Int32]:
        """Return the rows of a step, and the symbols of their first columns: (n, N) each."""
        if self._context is None:
            return self._without_context(step.places)
        position, shape = self._context.tables(step)
        first_row = self._prior.first_rows.take(shape, mode="clip")
        return first_row + (position & _EIGHTHS), position >> _POSITION_BITS

    def _without_context(self, places: slice) -> tuple[Int32, Int32]:
        prior, shape = self._prior, (places.stop - places.start, self._count)
        rows = prior.rows_in_order[places].take(self._selected, axis=1)
        first = prior.offsets_in_order[places].take(self._selected, axis=1) + prior.first
        return np.broadcast_to(rows, shape), np.broadcast_to(first, shape)

    def update(self, step: Step, codes: npt.NDArray[Any]) -> None:
        """Read the codes (n, N) of a step's channels."""
        if self._context is not None:
            self._context.update(step, codes)


def tables_of_known(
    prior: Prior, symbols: Codes, selected: Int32, spatial: SpatialContext | None = None
) -> tuple[Int32, Int32]:
    """Find the rows and columns (K, N) of known symbols (K, N) in the order of coding.

    All slices are processed in one step, because none has to be decided or decoded first.
    """
    rows, columns = np.empty((2, *symbols.shape), np.int32)
    for start in range(0, len(selected), _BLOCK):
        block = slice(start, start + _BLOCK)
        state = SliceTables(prior, selected[block], spatial and spatial.select(block))
        state.update(prior.one_step, symbols[:, block])
        rows[:, block], first = state.tables(prior.one_step)
        np.subtract(symbols[:, block], first, out=columns[:, block])
    return rows, prior.clamp_to_escape(columns, rows)


def decided_slices(
    prior: Prior, decide: Decide, selected: Int32, spatial: SpatialContext | None = None
) -> Iterator[Slice]:
    """Decide codes slice by slice with the priors (N,) of the vectors, and yield the slices."""
    state = SliceTables(prior, selected, spatial)
    for step in prior.steps:
        rows, first = state.tables(step)
        symbols = decide(step.places, rows, first)
        yield Slice(symbols, rows, prior.clamp_to_escape(symbols - first, rows))
        state.update(step, symbols)


def in_coding_order(prior: Prior, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Copy (N, K) values to (K, N), with the channels in the order of coding."""
    return values.T.take(prior.order, axis=0)


def group_by_row(rows: npt.NDArray[Any]) -> tuple[npt.NDArray[np.intp], list[tuple[int, slice]]]:
    """Sort symbols by their row of the bank, and find the run of symbols of each row.

    >>> group_by_row(np.array([[7, 2], [7, 7]]))
    (array([1, 0, 2, 3]), [(2, slice(0, 1, None)), (7, slice(1, 4, None))])
    """
    flat = rows.ravel().astype(np.uint16)  # which NumPy sorts by radix
    counts = np.bincount(flat)
    used = np.flatnonzero(counts)
    ends = np.cumsum(counts[used]).tolist()
    runs = zip(used.tolist(), map(slice, [0, *ends], ends), strict=True)
    return np.argsort(flat, kind="stable"), list(runs)


Members = npt.NDArray[np.integer[Any]]
"""(n,) numbers of the vectors of one pass."""


class Symbols(Protocol):
    """Codes (N, K), some of which may still be undecided."""

    codes: Codes
    """(N, K) codes; undecided codes are close to their final values."""

    def slices(
        self, prior: Prior, members: Members, selected: Int32, spatial: SpatialContext | None
    ) -> Iterator[Slice]:
        """Yield the slices of a pass, and decide the symbols of a slice when it is reached.

        `members` (n,) are the numbers of the vectors, `selected` (n,) their priors.
        """


class FixedSymbols:
    """Codes (N, K) that are already decided."""

    def __init__(self, codes: Codes) -> None:
        self.codes = codes

    def slices(
        self, prior: Prior, members: Members, selected: Int32, spatial: SpatialContext | None
    ) -> Iterator[Slice]:
        symbols = in_coding_order(prior, self.codes[members])
        rows, columns = tables_of_known(prior, symbols, selected, spatial)
        for places in prior.slices:
            yield Slice(symbols[places], rows[places], columns[places])
