"""Selection among competing priors: the distribution with which a code vector costs fewest bits.

Costs are whole numbers of 1/256 bit, so that every machine selects the same one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from aecodec.arrays import Codes, Float32, Int32
from aecodec.entropy.costs import COST_UNITS
from aecodec.entropy.prior import Prior
from aecodec.entropy.slices import iter_slices
from aecodec.entropy.spatial_context import SpatialContext
from aecodec.entropy.symbols import fixed

_CLOSE = 4 * COST_UNITS
"""A second prior is tried with context if it costs less than this much more without. Trying all
second ones would save 0.15 %, and all of all another 0.2 %, in two and in many times the time."""

_BLOCK_ELEMENTS = 1 << 22
_BLOCK_VECTORS = 1 << 14


def select(prior: Prior, codes: Codes, spatial: SpatialContext | None = None) -> Int32:
    """Select the cheapest prior of each vector; among equals, the one with the lowest index.

    With a context network, where two priors cost nearly the same without it, the one that is
    cheaper with it is selected.

    Args:
        prior: the competing priors.
        codes: (N, K) codes.
        spatial: spatial context of the vectors, if they have one.

    Returns:
        (N,) indices of priors, 0..P-1.
    """
    if prior.priors == 1:
        return np.zeros(len(codes), np.int32)
    if prior.candidates is not None and len(prior.candidates) == 1:
        return np.full(len(codes), prior.candidates[0], np.int32)
    if spatial is None and len(codes) > _BLOCK_VECTORS:
        starts = range(0, len(codes), _BLOCK_VECTORS)
        return np.concatenate([select(prior, codes[n : n + _BLOCK_VECTORS]) for n in starts])
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
    """Of two candidates (2, N) per vector, the one that is cheaper with context."""
    first, second = (costs_with(prior, codes, each, spatial) for each in candidates)
    return np.where(second < first, candidates[1], candidates[0])


def two_cheapest(prior: Prior, codes: Codes) -> tuple[Int32, Float32]:
    """The two cheapest priors of each vector without context, and their costs, (2, N) each."""
    low, high = _window(prior, codes)
    costs = _symbol_costs(prior, np.arange(low, high + 1))
    blocks = _blocks(np.clip(codes, low, high), costs.shape[-1])
    totals = (_totals(prior, one_hot(block, low, costs.shape[-1]), costs) for block in blocks)
    priors, least = zip(*map(_two_least, totals), strict=True)
    return np.concatenate(priors, axis=1), np.concatenate(least, axis=1)


def costs_with(
    prior: Prior, codes: Codes, selected: Int32, spatial: SpatialContext | None = None
) -> Int32:
    """(N,) cost of each vector with the prior selected for it, in 1/256 bit."""
    cost = prior.index_costs[selected]
    for each in iter_slices(prior, fixed(prior, codes), selected, spatial):
        cost += prior.costs[each.rows, each.columns].sum(axis=0)
    return cost


def _window(prior: Prior, codes: Codes) -> tuple[int, int]:
    """The lowest and the highest symbol that need telling apart: all beyond them are escapes."""
    least = prior.first + int(prior.offset.min()) - 1
    most = prior.first + prior.symbols + int(prior.offset.max())
    low = min(max(int(codes.min(initial=0)), least), most)
    return low, max(low, min(int(codes.max(initial=0)), most))


def _totals(prior: Prior, hot: Float32, costs: Float32) -> Float32:
    """(N, P) cost of every vector with every prior, exactly, by one matrix product."""
    totals = np.asarray(hot @ costs.reshape(prior.priors, -1).T + prior.index_costs, np.float32)
    if prior.candidates is not None:
        totals[:, np.setdiff1d(np.arange(prior.priors), prior.candidates)] = np.inf
    return totals


def _symbol_costs(prior: Prior, symbols: npt.NDArray[Any]) -> Float32:
    """(P, K, W) cost of each symbol, as floats whose sums over K stay exact integers."""
    return prior.costs[prior.table[..., None], prior.columns_of(symbols)].astype(np.float32)


def _two_least(totals: Float32) -> tuple[Int32, Float32]:
    """(2, N) columns of the two least numbers of each row, and these numbers."""
    rows, least = np.arange(len(totals)), totals.argmin(axis=1)
    lowest = totals[rows, least]
    totals[rows, least] = np.inf
    second = totals.argmin(axis=1)
    return np.stack([least, second]).astype(np.int32), np.stack([lowest, totals[rows, second]])


def one_hot(codes: Codes, low: int, width: int) -> Float32:
    """Codes (N, K) in low..low+width-1 to (N, K * width), with a 1 for each symbol."""
    count, channels = codes.shape
    hot = np.zeros((count, channels * width), np.float32)
    np.put_along_axis(hot, codes - np.int32(low) + np.arange(channels) * width, 1, axis=1)
    return hot


def _blocks(codes: Codes, width: int) -> Iterator[Codes]:
    """Blocks of rows whose one-hot form takes a bounded amount of memory."""
    rows = max(1, _BLOCK_ELEMENTS // (codes.shape[1] * width))
    return (codes[start : start + rows] for start in range(0, max(len(codes), 1), rows))
