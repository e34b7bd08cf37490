"""Fitting competing priors to codes: hard expectation-maximisation, then a shared bank."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from aecodec.competition import choose, one_hot
from aecodec.context import POSITIONS
from aecodec.neighbours import Codes, Grid
from aecodec.prior import Prior
from aecodec.rangecoder import TABLE_TOTAL
from aecodec.sweep import located
from aecodec.symbols import given

Floats = npt.NDArray[np.float32]

_NARROWEST, _WIDEST = 0.04, 0.5
"""Scales of the bank's shapes reach from a constant symbol to half the window."""

_MARGINAL_WEIGHT = 6.0
"""A prior's distribution starts as so many vectors of the whole set (a Dirichlet prior)."""

_SHAPE_WEIGHT = 30.0
"""A bank table starts as so many symbols of its logistic shape."""

_ESCAPE_SHARE = 0.5 / TABLE_TOTAL
_BLOCK = 1 << 13


def fit_prior(
    codes: Codes,
    priors: int = 64,
    tables: int = 256,
    iterations: int = 30,
    seed: int = 0,
) -> Prior:
    """Fit a prior to a sample of code vectors; the same codes and seed give the same prior.

    Args:
        codes: (N, K) integers, the training set's codes; N of several hundred times `priors`
            is well served.
        priors: P, how many distributions compete.
        tables: T, the size of the bank; a multiple of 8.
        iterations: rounds of assigning vectors and estimating distributions, at most.
        seed: of the random start.

    Raises:
        ValueError: `tables` is no multiple of 8.

    Returns:
        The prior; its bank has a column for each symbol within the range of the codes (255 at
        the most), and an escape for all others.

    >>> codes = np.random.default_rng(0).normal(0, 2, (2000, 4)).round().astype(np.int16)
    >>> prior = fit_prior(codes, priors=2, tables=64)
    >>> bool(prior.bits(codes).mean() < 4 * 3.2)
    True
    """
    if tables < POSITIONS or tables % POSITIONS:
        raise ValueError(f"{tables} tables: give a multiple of {POSITIONS}")
    sample = _Sample.of(codes)
    chosen = _random_start(sample, min(priors, len(codes)), seed)
    for _ in range(iterations):
        before, chosen = chosen, sample.cheapest(*_estimate(sample, chosen, priors))
        if np.array_equal(before, chosen):
            break
    return _share_bank(sample, chosen, priors, tables)


@dataclass(frozen=True)
class _Sample:
    """Codes as column numbers 0..W-1 of one window that holds them all."""

    columns: npt.NDArray[np.int32]
    low: int
    width: int

    @classmethod
    def of(cls, codes: Codes) -> _Sample:
        int8 = np.clip(codes, -128, 127).astype(np.int32)  # all that an encoder makes
        low = int(int8.min())
        return cls(int8 - low, low, int(int8.max()) - low + 1)

    @property
    def channels(self) -> int:
        return int(self.columns.shape[1])

    def counts(self, chosen: npt.NDArray[np.intp], priors: int) -> Floats:
        """(P, K, W) how often each symbol stands in each channel under each prior."""
        cell = (chosen[:, None] * self.channels + np.arange(self.channels)) * self.width
        size = priors * self.channels * self.width
        counts = np.bincount((cell + self.columns).ravel(), minlength=size)
        return counts.reshape(priors, self.channels, self.width).astype(np.float32)

    def cheapest(self, costs: Floats, index_costs: Floats) -> npt.NDArray[np.intp]:
        """(N,) the prior under which each vector costs least; costs are (P, K, W) and (P,)."""
        if len(costs) == 1:
            return np.zeros(len(self.columns), np.intp)
        flat = costs.reshape(len(costs), -1).T
        blocks = range(0, len(self.columns), _BLOCK)
        return np.concatenate(
            [(self._hot(start) @ flat + index_costs).argmin(axis=1) for start in blocks]
        )

    def _hot(self, start: int) -> Floats:
        block = self.columns[start : start + _BLOCK].astype(np.int16)
        return one_hot(block, 0, self.width)


def _random_start(sample: _Sample, priors: int, seed: int) -> npt.NDArray[np.intp]:
    """Vectors go to the nearest of P vectors drawn from among them."""
    drawn = np.random.default_rng(seed).choice(len(sample.columns), priors, replace=False)
    points = sample.columns.astype(np.float32)
    centres = points[drawn]
    distance = (centres**2).sum(axis=1) - 2 * points @ centres.T
    return distance.argmin(axis=1)


def _estimate(sample: _Sample, chosen: npt.NDArray[np.intp], priors: int) -> tuple[Floats, Floats]:
    """Costs in bits of symbols (P, K, W) and of indices (P,) as the choice has it now."""
    counts = sample.counts(chosen, priors)
    marginal = counts.sum(axis=0) + 0.5
    marginal /= marginal.sum(axis=-1, keepdims=True)
    smooth = counts + _MARGINAL_WEIGHT * marginal
    costs = -np.log2(smooth / smooth.sum(axis=-1, keepdims=True))
    return costs, _index_costs(chosen, priors)


def _index_costs(chosen: npt.NDArray[np.intp], priors: int) -> Floats:
    share = np.bincount(chosen, minlength=priors) + 1.0
    return np.asarray(-np.log2(share / share.sum()), np.float32)


def _share_bank(sample: _Sample, chosen: npt.NDArray[np.intp], priors: int, tables: int) -> Prior:
    """Replace P x K distributions by a bank of T shapes and an offset each, in a few rounds."""
    radius = min(127, max(sample.width, 3) // 2 + 1)
    shapes = _logistic_shapes(radius, tables)
    bank = shapes
    for _ in range(4):
        table, offset = _nearest(sample.counts(chosen, priors), _costs(bank), radius)
        moved = _moved(_costs(bank), table, offset, radius, sample.width)
        chosen = sample.cheapest(moved, _index_costs(chosen, priors))
        bank = _pool(sample.counts(chosen, priors), table, offset, shapes, radius)
    share = np.bincount(chosen, minlength=priors) + 1.0
    return Prior(
        bank=np.stack([to_frequencies(row) for row in bank]),
        first=-radius,
        table=table.astype(np.uint16),
        offset=(offset + sample.low).astype(np.int16),
        index=to_frequencies(share) if priors > 1 else np.zeros(1, np.uint16),
    )


def shape_scales(radius: int, tables: int) -> npt.NDArray[np.float64]:
    """The logistic scale of each shape of a bank of so many rows, in symbols."""
    return np.geomspace(_NARROWEST, max(1.0, _WIDEST * radius / 2), tables // POSITIONS)


def _logistic_shapes(radius: int, tables: int) -> npt.NDArray[np.float64]:
    """(T, 2 * radius + 2) discretised logistics of all scales and means, escape last."""
    scales = shape_scales(radius, tables)
    means = (np.arange(POSITIONS) - POSITIONS // 2) / POSITIONS
    edges = np.arange(-radius, radius + 2) - 0.5
    standard = (edges - means[:, None])[None] / scales[:, None, None]
    mass = np.diff(0.5 * (1 + np.tanh(standard / 2)), axis=-1).reshape(-1, 2 * radius + 1)
    mass = mass + 1e-7
    return np.column_stack(
        [mass / mass.sum(axis=1, keepdims=True), np.full(len(mass), _ESCAPE_SHARE)]
    )


def _costs(bank: npt.NDArray[np.float64]) -> Floats:
    """(T, S + 1) bits, with 16 more for an escaped value."""
    costs = -np.log2(bank / bank.sum(axis=1, keepdims=True))
    costs[:, -1] += 16
    return costs.astype(np.float32)


def _nearest(
    counts: Floats, costs: Floats, radius: int
) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """(P, K) the table and the offset that code each channel's counts in fewest bits."""
    priors, channels, width = counts.shape
    everywhere = _at_every_offset(costs, radius, width)
    best = np.concatenate([(row @ everywhere).argmin(axis=-1) for row in counts]).reshape(
        priors, channels
    )
    return best // width, best % width


def _at_every_offset(costs: Floats, radius: int, width: int) -> Floats:
    """(W, T * W) cost of each symbol (row) under each table moved to each offset."""
    columns = np.arange(width)[:, None] - np.arange(width)[None] + radius
    columns[(columns < 0) | (columns > 2 * radius)] = 2 * radius + 1
    return np.ascontiguousarray(costs[:, columns].transpose(1, 0, 2).reshape(width, -1))


def _moved(
    costs: Floats, table: npt.NDArray[Any], offset: npt.NDArray[Any], radius: int, width: int
) -> Floats:
    """(P, K, W) the costs that the shared bank gives."""
    return costs[table[..., None], _bank_columns(offset, radius, width)]


def _bank_columns(offset: npt.NDArray[Any], radius: int, width: int) -> npt.NDArray[Any]:
    """(P, K, W) the bank's column for each symbol of the window."""
    columns = np.arange(width) - offset[..., None] + radius
    return np.where((columns < 0) | (columns > 2 * radius), 2 * radius + 1, columns)


def _pool(
    counts: Floats,
    table: npt.NDArray[Any],
    offset: npt.NDArray[Any],
    shapes: npt.NDArray[np.float64],
    radius: int,
) -> npt.NDArray[np.float64]:
    """(T, S + 1) the bank, estimated anew from all channels that use each table."""
    pooled = _SHAPE_WEIGHT * shapes
    columns = _bank_columns(offset, radius, counts.shape[-1])
    np.add.at(pooled, (table[..., None], columns), counts)
    return pooled / pooled.sum(axis=1, keepdims=True)


def pool_bank(prior: Prior, codes: Codes, grid: Grid | None = None) -> Prior:
    """A prior whose bank is estimated anew from codes, each symbol in the row that it used.

    Args:
        prior: its bank as :func:`fit_prior` lays it out.
        codes: (N, K) integers.
        grid: where the vectors lie in pictures; None for vectors that stand alone.
    """
    pooled = _SHAPE_WEIGHT * _logistic_shapes(-prior.first, len(prior.bank))
    for part in prior.parts(len(codes), grid):
        members, around = codes[part.members], prior.surroundings(part, codes)
        chosen = choose(prior, members, around)
        for _, rows, columns in located(prior, given(prior, members), chosen, around):
            np.add.at(pooled, (rows, columns), 1)
    shares = pooled / pooled.sum(axis=1, keepdims=True)
    return replace(prior, bank=np.stack([to_frequencies(row) for row in shares]))


def to_frequencies(shares: npt.NDArray[Any]) -> npt.NDArray[np.uint16]:
    """Shares (n,) to integers of at least 1 each that sum to 65536.

    >>> to_frequencies(np.array([3.0, 1.0, 0.0])).tolist()
    [49151, 16384, 1]
    """
    exact = shares / shares.sum() * (TABLE_TOTAL - len(shares))
    whole = np.floor(exact).astype(np.int64)
    left_over = TABLE_TOTAL - len(shares) - int(whole.sum())
    whole[np.argsort(whole - exact, kind="stable")[:left_over]] += 1
    return (whole + 1).astype(np.uint16)
