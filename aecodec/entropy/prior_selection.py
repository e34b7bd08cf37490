"""Select the cheapest prior for each code vector.

Costs are integers in 1/256 bit, so every machine selects the same prior.
"""

import numpy as np
import numpy.typing as npt

from aecodec.arrays import Codes, Int32
from aecodec.entropy.prior import COST_UNITS, Prior
from aecodec.entropy.slices import in_coding_order, tables_of_known
from aecodec.entropy.spatial_context import SpatialContext

_CLOSE = 4 * COST_UNITS
"""The two cheapest priors are compared with context if their costs without context differ by less
than this. Comparing them for every vector would save 0.15 % in twice the time; comparing all priors
would save another 0.2 % in many times the time."""

_BLOCK_ELEMENTS = 1 << 18
"""Number of costs to sum at a time; they fit into the processor's cache."""


def select(prior: Prior, codes: Codes, spatial: SpatialContext | None = None) -> Int32:
    """Select the cheapest prior (N,) for each vector of codes (N, K); ties go to the lowest index.

    If two priors cost nearly the same without the context network, the cheaper one with it is
    selected. `spatial` is None for vectors without spatial context.
    """
    if prior.priors == 1 or not len(codes):
        return np.zeros(len(codes), np.int32)
    if prior.candidates is not None and len(prior.candidates) == 1:
        return np.full(len(codes), prior.candidates[0], np.int32)
    candidates, costs = two_cheapest(prior, codes)
    selected = candidates[0]
    close = np.flatnonzero(costs[1] - costs[0] < _CLOSE)
    if prior.context is not None and len(close):
        selected[close] = _cheaper(
            prior, codes[close], candidates[:, close], spatial and spatial.select(close)
        )
    return selected


def _cheaper(
    prior: Prior, codes: Codes, candidates: Int32, spatial: SpatialContext | None
) -> Int32:
    """Select the cheaper of two candidates (2, N) per vector, with context."""
    twice = np.tile(np.arange(len(codes)), 2)
    costs = costs_with(prior, codes[twice], candidates.ravel(), spatial and spatial.select(twice))
    first, second = costs.reshape(2, -1)
    return np.where(second < first, candidates[1], candidates[0])


def costs_with(
    prior: Prior, codes: Codes, selected: Int32, spatial: SpatialContext | None = None
) -> Int32:
    """(N,) cost of each vector with the prior selected for it, in 1/256 bit."""
    rows, columns = tables_of_known(prior, in_coding_order(prior, codes), selected, spatial)
    costs: Int32 = prior.costs[rows, columns].sum(axis=0, dtype=np.int32)
    return costs + prior.index_costs[selected]


def two_cheapest(prior: Prior, codes: Codes) -> tuple[Int32, Int32]:
    """Find the two cheapest priors of each vector without context, and their costs: (2, N) each."""
    low, high = _window(prior, codes)
    width = int((high - low).max()) + 1
    costs = _symbol_costs(prior, low, width)
    cells = np.clip(codes, low, high) - low + np.arange(len(low)) * width
    rows = max(1, _BLOCK_ELEMENTS // (len(low) * costs.shape[-1]))
    blocks = (cells[start : start + rows] for start in range(0, len(cells), rows))
    priors, lowest = zip(*(_two_lowest(prior, costs, block) for block in blocks), strict=True)
    return np.concatenate(priors, axis=1), np.concatenate(lowest, axis=1)


def _window(prior: Prior, codes: Codes) -> tuple[Int32, Int32]:
    """(K,) lowest and highest symbols whose costs differ; symbols beyond them are escapes."""
    bounds = (
        prior.first + int(prior.offset.min()) - 1,
        prior.first + prior.symbols + int(prior.offset.max()),
    )
    low, high = (ends.astype(np.int32) for ends in (codes.min(axis=0), codes.max(axis=0)))
    return low.clip(*bounds), high.clip(*bounds)


def _symbol_costs(prior: Prior, low: Int32, width: int) -> Int32:
    """(K * W, P) cost of W symbols per channel, starting with `low` (K,), for each candidate."""
    chosen = slice(None) if prior.candidates is None else prior.candidates
    table, offset = prior.table[chosen].T[:, None], prior.offset[chosen].T[:, None]
    symbols = low[:, None, None] + np.arange(width, dtype=np.int32)[:, None]
    columns = prior.clamp_to_escape(symbols - prior.first - offset, table)
    return prior.costs[table, columns].reshape(len(low) * width, -1)


def _two_lowest(prior: Prior, costs: Int32, cells: npt.NDArray[np.intp]) -> tuple[Int32, Int32]:
    """(2, N) the two cheapest candidates of vectors, and their costs.

    `cells` (N, K) are the rows of :func:`_symbol_costs` that belong to the vectors' symbols.
    """
    candidates = np.arange(prior.priors) if prior.candidates is None else prior.candidates
    totals = costs.take(cells, axis=0).sum(axis=1, dtype=np.int32)
    totals += prior.index_costs[candidates]
    rows, first = np.arange(len(totals)), totals.argmin(axis=1)
    lowest = totals[rows, first]
    totals[rows, first] = np.iinfo(np.int32).max
    second = totals.argmin(axis=1)
    chosen = candidates[np.stack([first, second])].astype(np.int32)
    return chosen, np.stack([lowest, totals[rows, second]])
