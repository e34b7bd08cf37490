"""Which of a prior's distributions describes a code vector best: the one that is sent with it.

Costs are whole numbers of 1/256 bit, so that every machine makes the same choice.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from aecodec import rangecoder
from aecodec.neighbours import Codes, Surroundings
from aecodec.sweep import Indices, located
from aecodec.symbols import given

if TYPE_CHECKING:
    from aecodec.prior import Prior

COST_UNITS = 256
"""Costs are integers in 1/256 bit."""

_CLOSE = 4 * COST_UNITS
"""So near must a second prior come, without context, to be tried with it. To try all second ones
would save 0.15 %, and all of all another 0.2 %, in two and in many times the time."""

_BLOCK_ELEMENTS = 1 << 22
_BLOCK_VECTORS = 1 << 14


def choose(prior: Prior, codes: Codes, surroundings: Surroundings | None = None) -> Indices:
    """The cheapest prior for each vector; the lowest index among equals.

    With a context network it is, where two are nearly as cheap without, the cheaper one with it.

    Args:
        prior: of the codes.
        codes: (N, K) integers.
        surroundings: of the vectors.

    Returns:
        (N,) prior indices, 0..P-1.
    """
    if prior.priors == 1:
        return np.zeros(len(codes), np.int32)
    if prior.candidates is not None and len(prior.candidates) == 1:
        return np.full(len(codes), prior.candidates[0], np.int32)
    if surroundings is None and len(codes) > _BLOCK_VECTORS:
        starts = range(0, len(codes), _BLOCK_VECTORS)
        return np.concatenate([choose(prior, codes[n : n + _BLOCK_VECTORS]) for n in starts])
    candidates, costs = _two_cheapest(prior, codes)
    chosen = candidates[0]
    close = np.flatnonzero(costs[1] - costs[0] < _CLOSE)
    if prior.context is not None and len(close):
        chosen[close] = _cheaper(
            prior, codes[close], candidates[:, close], surroundings and surroundings.of(close)
        )
    return chosen


def _cheaper(
    prior: Prior, codes: Codes, candidates: Indices, surroundings: Surroundings | None
) -> Indices:
    """Of two candidates (2, N) for each vector the one that is cheaper in context."""
    first, second = (costs_under(prior, codes, each, surroundings) for each in candidates)
    return np.where(second < first, candidates[1], candidates[0])


def _two_cheapest(
    prior: Prior, codes: Codes
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float32]]:
    """(2, N) the cheapest prior for each vector without context, and the next; what they cost."""
    low, high = _window(prior, codes)
    costs = _costs_of(prior, np.arange(low, high + 1))
    blocks = _blocks(np.clip(codes, low, high), costs.shape[-1])
    totals = (_totals(prior, one_hot(block, low, costs.shape[-1]), costs) for block in blocks)
    priors, least = zip(*map(_two_least, totals), strict=True)
    return np.concatenate(priors, axis=1), np.concatenate(least, axis=1)


def costs_under(
    prior: Prior, codes: Codes, chosen: Indices, surroundings: Surroundings | None = None
) -> npt.NDArray[np.int32]:
    """(N,) what each vector costs under the prior chosen for it, in 1/256 bit."""
    cost = prior.index_costs[chosen]
    for _, rows, columns in located(prior, given(prior, codes), chosen, surroundings):
        cost += prior.costs[rows, columns].sum(axis=0)
    return cost


def _window(prior: Prior, codes: Codes) -> tuple[int, int]:
    """The lowest and highest symbol worth telling apart: beyond them all are escapes."""
    least = prior.first + int(prior.offset.min()) - 1
    most = prior.first + prior.symbols + int(prior.offset.max())
    low = min(max(int(codes.min(initial=0)), least), most)
    return low, max(low, min(int(codes.max(initial=0)), most))


def _totals(
    prior: Prior, hot: npt.NDArray[np.float32], costs: npt.NDArray[np.float32]
) -> npt.NDArray[np.float32]:
    """One matrix product tells what every vector costs under every prior, exactly."""
    totals = np.asarray(hot @ costs.reshape(prior.priors, -1).T + prior.index_costs, np.float32)
    if prior.candidates is not None:
        totals[:, np.setdiff1d(np.arange(prior.priors), prior.candidates)] = np.inf
    return totals


def _costs_of(prior: Prior, symbols: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    """(P, K, W) cost of each symbol, as floats whose sums over K stay exact integers."""
    return prior.costs[prior.table[..., None], columns_of(prior, symbols)].astype(np.float32)


def columns_of(prior: Prior, symbols: npt.NDArray[Any]) -> npt.NDArray[np.int32]:
    """(P, K, W) where each table has so many symbols (W,), without context; the escape's last."""
    columns = symbols - prior.first - prior.offset[..., None].astype(np.int32)
    columns[(columns < 0) | (columns >= prior.symbols)] = prior.symbols
    return columns


def _two_least(
    totals: npt.NDArray[np.float32],
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float32]]:
    """(2, N) where the least number of each row is, and the next; lowest among equals. And they."""
    rows, least = np.arange(len(totals)), totals.argmin(axis=1)
    lowest = totals[rows, least]
    totals[rows, least] = np.inf
    second = totals.argmin(axis=1)
    return np.stack([least, second]).astype(np.int32), np.stack([lowest, totals[rows, second]])


def integer_cost(frequencies: npt.NDArray[Any]) -> npt.NDArray[np.int32]:
    """What a symbol of each frequency (1..65535) costs, rounded to 1/256 bit.

    No frequency lies near enough to a tie for the logarithm's last digits to matter (a test
    looks at all of them), so every machine finds the same integers.

    >>> integer_cost(np.array([65535, 32768, 1])).tolist()
    [0, 256, 4096]
    """
    bits = rangecoder.TABLE_BITS - np.log2(frequencies.astype(np.float64))
    return np.rint(COST_UNITS * bits).astype(np.int32)


def one_hot(codes: Codes, low: int, width: int) -> npt.NDArray[np.float32]:
    """(N, K) codes in low..low+width-1 to (N, K * width) with a 1 for each symbol."""
    count, channels = codes.shape
    hot = np.zeros((count, channels * width), np.float32)
    np.put_along_axis(hot, codes - np.int32(low) + np.arange(channels) * width, 1, axis=1)
    return hot


def _blocks(codes: Codes, width: int) -> Iterator[Codes]:
    """Row blocks whose one-hot form stays within a bounded memory."""
    rows = max(1, _BLOCK_ELEMENTS // (codes.shape[1] * width))
    return (codes[start : start + rows] for start in range(0, max(len(codes), 1), rows))
