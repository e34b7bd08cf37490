"""Fitting competing priors to codes, and a context network if it saves bits.

Priors are fitted by hard expectation-maximization, and then share a bank of tables.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from aecodec.base.arrays import Codes, Float32, Float64, Int32, Latents
from aecodec.base.errors import ModelError
from aecodec.codec_files.levels import UNMASKED, Level, RateWeight
from aecodec.native.tables import Grid
from aecodec.prior_fitting.context_network import MAX_UNITS, POSITIONS
from aecodec.prior_fitting.context_training import BATCH, ContextTraining
from aecodec.prior_fitting.level_tables import bits, choices, level_tables
from aecodec.prior_fitting.prior import ESCAPE_BITS, TABLE_TOTAL, Prior, shape_scales

Indices = npt.NDArray[np.intp]

_MARGINAL_WEIGHT = 6.0
"""Weight of the marginal distribution in each prior, in vectors (a Dirichlet prior)."""

_SHAPE_WEIGHT = 30.0
"""Weight of the logistic shape of a table, in symbols."""

_MAX_ROUNDS = 30
"""Maximum number of rounds of assigning vectors to priors and estimating distributions."""

_POOLING_ROUNDS = 4
_LARGEST_RADIUS = 127
_ESCAPE_SHARE = 0.5 / TABLE_TOTAL

_LEAST_SHARE = 2.0**-20
"""Less likely symbols at the ends of a table become escapes, which cost 16 bits more."""

_BLOCK = 1 << 12


def fit_prior(codes: Codes, priors: int = 64, tables: int = 256) -> Prior:
    """Fit a prior to a sample of code vectors (N, K). Equal codes produce equal priors.

    N should be several hundred times P. The bank has T rows (`tables`, a multiple of 8), a column
    for each symbol in the range of the codes (at most 255), and an escape for all other values.
    """
    sample = _Sample.of(codes)
    assigned = _random_start(sample, min(priors, len(codes)))
    for _ in range(_MAX_ROUNDS):
        previous, assigned = assigned, sample.cheapest(*_estimated_costs(sample, assigned, priors))
        if np.array_equal(previous, assigned):
            break
    return _with_shared_bank(sample, assigned, priors, tables)


@dataclass(frozen=True)
class _Sample:
    """Codes (N, K) as column numbers 0..W-1 of the symbols `low` .. `low + width - 1`."""

    columns: Int32
    low: int
    width: int

    @classmethod
    def of(cls, codes: Codes) -> _Sample:
        int8 = np.clip(codes, -128, 127).astype(np.int32)  # encoders make no other codes
        low = int(int8.min())
        return cls(int8 - low, low, int(int8.max()) - low + 1)

    @property
    def radius(self) -> int:
        """Number of symbols on each side of the middle column in a bank for these symbols."""
        return min(_LARGEST_RADIUS, max(self.width, 3) // 2 + 1)

    def bank_columns(self, offset: npt.NDArray[Any]) -> npt.NDArray[Any]:
        columns = np.arange(self.width) - offset[..., None] + self.radius
        escape = 2 * self.radius + 1
        return np.where((columns < 0) | (columns >= escape), escape, columns)

    def counts(self, assigned: Indices, priors: int) -> Float32:
        channels, width = self.columns.shape[1], self.width
        cell = (assigned[:, None] * channels + np.arange(channels)) * width
        counts = np.bincount((cell + self.columns).ravel(), minlength=priors * channels * width)
        return counts.reshape(priors, channels, width).astype(np.float32)

    def cheapest(self, costs: Float32, index_costs: Float32) -> Indices:
        """(N,) the cheapest prior of each vector; by symbol, faster than a one-hot product."""
        by_symbol = np.ascontiguousarray(costs.transpose(1, 2, 0))
        cheapest = np.zeros(len(self.columns), np.intp)
        for start in range(0, len(self.columns) if len(costs) > 1 else 0, _BLOCK):
            block = self.columns[start : start + _BLOCK]
            sums = np.zeros((len(block), len(costs)), np.float32)
            for channel, costs_of_channel in enumerate(by_symbol):
                sums += costs_of_channel[block[:, channel]]
            cheapest[start : start + _BLOCK] = (sums + index_costs).argmin(axis=1)
        return cheapest


def _random_start(sample: _Sample, priors: int) -> Indices:
    if priors == 1:
        return np.zeros(len(sample.columns), np.intp)
    drawn = np.random.default_rng(0).choice(len(sample.columns), priors, replace=False)
    points = sample.columns.astype(np.float32)
    centres = points[drawn]
    distance = (centres**2).sum(axis=1) - 2 * points @ centres.T
    return distance.argmin(axis=1)


def _estimated_costs(sample: _Sample, assigned: Indices, priors: int) -> tuple[Float32, Float32]:
    counts = sample.counts(assigned, priors)
    marginal = counts.sum(axis=0) + 0.5
    marginal /= marginal.sum(axis=-1, keepdims=True)
    smooth = counts + _MARGINAL_WEIGHT * marginal
    costs = -np.log2(smooth / smooth.sum(axis=-1, keepdims=True))
    return costs, _index_costs(assigned, priors)


def _index_costs(assigned: Indices, priors: int) -> Float32:
    share = _index_shares(assigned, priors)
    return np.asarray(-np.log2(share / share.sum()), np.float32)


def _index_shares(assigned: Indices, priors: int) -> Float64:
    return np.asarray(np.bincount(assigned, minlength=priors) + 1.0, np.float64)


def _with_shared_bank(sample: _Sample, assigned: Indices, priors: int, tables: int) -> Prior:
    """Replace P x K distributions by a bank of T shapes, with a table and an offset for each."""
    shapes = bank = _logistic_shapes(sample.radius, tables)
    counts = sample.counts(assigned, priors)
    for _ in range(_POOLING_ROUNDS):
        bank_costs = _bank_costs(bank)
        table, offset = _nearest(counts, bank_costs, sample)
        places = table[..., None], sample.bank_columns(offset)
        previous, index_costs = assigned, _index_costs(assigned, priors)
        assigned = sample.cheapest(bank_costs[places], index_costs)
        if not np.array_equal(previous, assigned):
            counts = sample.counts(assigned, priors)
        pooled = _SHAPE_WEIGHT * shapes
        np.add.at(pooled, places, counts)
        bank = pooled / pooled.sum(axis=1, keepdims=True)
    share = _index_shares(assigned, priors)
    return Prior(
        bank=np.stack([_to_row(row) for row in bank]),
        first=-sample.radius,
        table=table.astype(np.uint16),
        offset=(offset + sample.low).astype(np.int16),
        index=to_frequencies(share) if priors > 1 else np.zeros(1, np.uint16),
    )


def _logistic_shapes(radius: int, tables: int) -> Float64:
    """(T, 2 * radius + 2) discretized logistics of all scales and means, with the escape last."""
    scales = shape_scales(radius, tables)
    means = (np.arange(POSITIONS) - POSITIONS // 2) / POSITIONS
    edges = np.arange(-radius, radius + 2) - 0.5
    standard = (edges - means[:, None])[None] / scales[:, None, None]
    mass = np.diff(0.5 * (1 + np.tanh(standard / 2)), axis=-1).reshape(-1, 2 * radius + 1)
    mass = mass + 1e-7
    return np.column_stack(
        [mass / mass.sum(axis=1, keepdims=True), np.full(len(mass), _ESCAPE_SHARE)]
    )


def _bank_costs(bank: Float64) -> Float32:
    costs = -np.log2(bank / bank.sum(axis=1, keepdims=True))
    costs[:, -1] += ESCAPE_BITS
    return costs.astype(np.float32)


def _nearest(counts: Float32, costs: Float32, sample: _Sample) -> tuple[Indices, Indices]:
    """(P, K) tables and offsets that code the counts (P, K, W) with the fewest bits."""
    priors, channels, width = counts.shape
    columns = sample.bank_columns(np.arange(width)).T
    moved = costs[:, columns].transpose(1, 0, 2)  # (W, T, W): with each table at each offset
    everywhere = np.ascontiguousarray(moved.reshape(width, -1))
    best = np.concatenate([(row @ everywhere).argmin(axis=-1) for row in counts])
    table, offset = np.divmod(best.reshape(priors, channels), width)
    return table, offset


def pool_bank(prior: Prior, codes: Codes, grid: Grid | None = None) -> Prior:
    """Estimate the bank of a prior of :func:`fit_prior` again, from the rows that codes use."""
    shapes = _logistic_shapes(-prior.first, len(prior.bank))
    chosen = choices(prior, codes, grid)
    cells = np.int32(shapes.shape[1]) * chosen.rows + chosen.columns  # faster than by two indices
    counts = np.bincount(cells.ravel(), minlength=shapes.size).reshape(shapes.shape)
    pooled = _SHAPE_WEIGHT * shapes + counts
    return replace(prior, bank=np.stack([_to_row(row) for row in pooled]))


def _to_row(weights: Float64) -> npt.NDArray[np.uint16]:
    """Scale weights (S + 1) to a row of the bank; unlikely symbols at its ends get 0.

    >>> _to_row(np.array([0.001, 1, 1, 0, 0, 0.5])).tolist()
    [27, 26204, 26203, 0, 0, 13102]
    """
    least = min(_LEAST_SHARE * weights.sum(), weights[:-1].max())
    likely = np.flatnonzero(weights[:-1] >= least)
    window = slice(int(likely[0]), int(likely[-1]) + 1)
    row = np.zeros(len(weights), np.uint16)
    escape = weights.sum() - weights[window].sum()
    *row[window], row[-1] = to_frequencies(np.append(weights[window], escape))
    return row


def to_frequencies(weights: npt.NDArray[Any]) -> npt.NDArray[np.uint16]:
    """Scale weights (n,) to integers of at least 1 that sum to 65536.

    >>> to_frequencies(np.array([3.0, 1.0, 0.0])).tolist()
    [49151, 16384, 1]
    """
    exact = weights / weights.sum() * (TABLE_TOTAL - len(weights))
    integers = np.floor(exact).astype(np.int64)
    remainder = TABLE_TOTAL - len(weights) - int(integers.sum())
    integers[np.argsort(integers - exact, kind="stable")[:remainder]] += 1
    return (integers + 1).astype(np.uint16)


_HELD_OUT_SHARE = 0.1
_MOST_PER_PRIOR = 80_000
"""Maximum code vectors to estimate a distribution from; more vectors cost time and save no bits."""

_MOST_POOLED = 12_000_000
"""Approximate maximum of symbols from which the bank of a prior with a network is estimated."""

_FIRST_STRIDE = 6
"""The preliminary prior, with which RDOQ chooses codes, is fitted to every sixth picture."""


@dataclass(frozen=True)
class PriorOptions:
    """Options for fitting the priors of a codec.

    Attributes:
        count: P, the number of competing distributions.
        context_units: hidden units of the context networks, one number per level or one for all; 0
            for no context network.
        context_epochs: training epochs of the context networks.
        rdoq: weight of bits in the encoder's quantization, if levels have gains.
    """

    count: int = 64
    context_units: int | Sequence[int] = 512
    context_epochs: int = 40
    rdoq: RateWeight = UNMASKED

    def units_of(self, levels: int) -> list[int]:
        """The hidden units for each level; ModelError if the numbers and levels do not match."""
        if isinstance(self.context_units, int):
            return [self.context_units] * levels
        if len(self.context_units) != levels:
            raise ModelError(
                f"set {levels} context_units, one per level, not {len(self.context_units)}"
            )
        return list(self.context_units)


def fit_levels(levels: Sequence[Level], latents: Latents, options: PriorOptions) -> list[Prior]:
    """Fit priors to the codes that encoders make from latents at each level.

    The int8 `latents` have the channels of all levels: (N, C) for vectors without neighbours, or
    (F, rows, columns, C) for pictures. Networks of the finest level are trained first, because it
    has the most active channels. Raises ModelError if `options` has a wrong number of units.
    """
    trained = (1 - _HELD_OUT_SHARE) * len(levels) * latents[..., 0].size
    preliminary = any(level.gains for level in levels) / _FIRST_STRIDE
    training = ContextTraining(options.context_epochs, round(trained * (1 + preliminary)))
    fitted = [
        fit_level(level, latents, options, units, training)
        for level, units in [*zip(levels, options.units_of(len(levels)), strict=True)][::-1]
    ]
    return fitted[::-1]


def fit_level(
    level: Level, latents: Latents, options: PriorOptions, units: int, training: ContextTraining
) -> Prior:
    """Fit a prior at a level. The other arguments are those of :func:`fit_levels`.

    With RDOQ, codes depend on the prior. A preliminary prior is therefore fitted to some rounded
    latents, and chooses the codes.
    """

    def fitted(codes: Codes, pictures: int) -> Prior:
        grid = (pictures, *latents.shape[1:3]) if latents.ndim == 4 else None
        stride = -(-len(codes) // (_MOST_PER_PRIOR * options.count))
        prior = fit_prior(codes[::stride], options.count)
        return fit_context(prior, codes, units, training, grid)

    if not level.gains:
        return fitted(level.quantize(level.channels_of(latents)), len(latents))
    subset = latents[::_FIRST_STRIDE]
    preliminary = fitted(level.quantize(level.channels_of(subset)), len(subset))
    tables = level_tables(preliminary, level, channels=latents.shape[-1], in_grid=latents.ndim == 4)
    return fitted(tables.decide(latents, options.rdoq), len(latents))


def fit_context(
    prior: Prior, codes: Codes, units: int, training: ContextTraining, grid: Grid | None = None
) -> Prior:
    """Add a context network to a prior, if that saves bits for held-out vectors.

    The prior was fitted to these codes (N, K). The network has 0 to 1024 `units`; with a `grid`, it
    reads neighbours. If there are fewer than a few hundred vectors, or more than 1024 channels (512
    in a grid), the prior does not change.
    """
    most = MAX_UNITS if grid is None else MAX_UNITS // 2
    trained, pooled, held_out = _split(codes, grid)
    if not units or prior.code_dimension > most or len(trained[0]) < BATCH:
        return prior
    network = training.train(prior, trained[0], units, trained[1])
    with_context = pool_bank(replace(prior, context=network.quantized()), *pooled)
    is_better = bits(with_context, *held_out).sum() < bits(prior, *held_out).sum()
    return with_context if is_better else prior


def _split(codes: Codes, grid: Grid | None) -> list[tuple[Codes, Grid | None]]:
    """Codes for the network, a part of them for the bank, and different codes to measure both."""
    shuffled = np.random.default_rng(0).permutation(grid[0] if grid else len(codes))
    pictures = codes.reshape(len(shuffled), -1, codes.shape[1])
    trained, held_out = np.split(shuffled, [int((1 - _HELD_OUT_SHARE) * len(shuffled))])
    parts = trained, trained[: -(-_MOST_POOLED // pictures[0].size)], held_out
    return [
        (pictures[part].reshape(-1, codes.shape[1]), (len(part), *grid[1:]) if grid else None)
        for part in parts
    ]
