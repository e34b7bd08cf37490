"""Choose which distributions of a prior to keep if there is no room for all."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from aecodec.arrays import Float64
from aecodec.entropy.prior import Prior
from aecodec.entropy.range_coder import TABLE_TOTAL


def best_candidates(prior: Prior, count: int) -> npt.NDArray[np.uint16]:
    """Choose the best `count` of P distributions greedily, and return their numbers, ascending.

    Each distribution represents the vectors that select it, without the context network. Each step
    adds the distribution that most reduces the cost of all vectors; a vector costs what it costs
    with the cheapest distribution chosen so far.

    >>> wide, narrow = [20000, 20000, 20000, 5536], [1, 65533, 1, 1]
    >>> tables = np.zeros((3, 5)) + [[0], [1], [1]]
    >>> prior = Prior([wide, narrow], -1, tables, 0 * tables, [30000, 30000, 5536])
    >>> best_candidates(prior, 2).tolist()
    [0, 1]
    """
    if count >= prior.priors:
        return np.arange(prior.priors, dtype=np.uint16)
    costs, shares = _costs(prior), prior.index / TABLE_TOTAL
    lowest, candidates = np.full(prior.priors, np.inf), list[int]()
    for _ in range(count):
        totals = np.rint(shares @ np.minimum(lowest[:, None], costs))  # the same on every machine
        totals[candidates] = np.inf
        candidates.append(int(totals.argmin()))
        lowest = np.minimum(lowest, costs[:, candidates[-1]])
    return np.sort(candidates).astype(np.uint16)


def _costs(prior: Prior) -> Float64:
    """(P, P) mean cost in 1/256 bit of vectors of each distribution (row) with each (column)."""
    low = prior.first + int(prior.offset.min())
    high = prior.first + prior.symbols + int(prior.offset.max())
    columns = prior.columns_of(np.arange(low, high))
    shares = np.where(columns < prior.symbols, prior.bank[prior.table[..., None], columns], 0)
    costs = prior.costs[prior.table[..., None], columns]
    sums = shares.reshape(prior.priors, -1) / TABLE_TOTAL @ costs.reshape(prior.priors, -1).T
    return np.asarray(sums + prior.index_costs)
