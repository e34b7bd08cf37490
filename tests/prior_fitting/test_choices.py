"""Choices of encoders: the cheapest prior, rows and columns, and the neighbours that they read."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from helpers.strategies import any_context, priors
from hypothesis import given, settings
from hypothesis import strategies as st

from aecodec.prior_fitting.level_tables import bits, choices, level_tables
from aecodec.prior_fitting.prior import Prior
from aecodec.prior_fitting.table_fitting import fit_prior, to_frequencies

Grid = tuple[int, int, int]
grids = st.tuples(*[st.integers(1, n) for n in (2, 19, 19)])


def some_codes(prior: Prior, grid: Grid, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.normal(0, 9, (math.prod(grid), prior.code_dimension)).round().astype(np.int8)


def test_the_cheapest_prior_is_selected() -> None:
    flat, sharp = to_frequencies(np.ones(4)), to_frequencies(np.array([1, 900, 1, 1.0]))
    prior = Prior(
        np.stack([flat, sharp]), -1, np.array([[0], [1]]), np.zeros((2, 1)), [32768, 32768]
    )
    assert choices(prior, np.array([[0], [1], [-1]], np.int8)).priors.tolist() == [1, 0, 0]


def test_with_context_the_cheaper_of_two_priors_is_selected() -> None:
    codes = np.random.default_rng(0).normal(0, 3, (300, 6)).round().astype(np.int8)
    alone = fit_prior(codes, priors=4, tables=64)
    prior = replace(alone, context=any_context(np.random.default_rng(0), 4, 6))
    kept = [np.array([p], np.uint16) for p in range(4)]
    costs, costs_alone = (
        np.stack([bits(each, codes, None, one) for one in kept]) for each in (prior, alone)
    )
    first, second = np.argsort(costs_alone, axis=0)[:2]
    every, made = np.arange(300), choices(prior, codes).priors
    gap = costs_alone[second, every] - costs_alone[first, every]
    assert 0.1 < (gap < 4).mean() < 0.9
    is_second = costs[second, every] < costs[first, every]
    assert (made == np.where((gap < 4) & is_second, second, first))[abs(gap - 4) > 0.1].all()


@settings(max_examples=60)
@given(priors(), grids, st.integers(0, 2**32))
def test_rows_and_columns_take_as_many_bits_as_the_file(
    prior: Prior, grid: Grid, seed: int
) -> None:
    """The file has a header of up to 12 bytes, a checksum, and at least a byte per 64 vectors.

    Zeros at the end of a message are left out.
    """
    codes, (_, rows, columns) = some_codes(prior, grid, seed)[: grid[1] * grid[2]], grid
    tables = level_tables(prior)
    size = len(tables.file((columns, rows), False, codes))
    expected = bits(prior, codes, (1, rows, columns)).sum() / 8
    assert expected - 3 <= size - 8 - 4 <= 1.02 * expected + 8 + len(codes) / 64


@settings(max_examples=30)
@given(priors(), st.tuples(*[st.integers(1, n) for n in (3, 140, 5)]), st.integers(0, 2**32))
def test_segments_do_not_depend_on_each_other(prior: Prior, grid: Grid, seed: int) -> None:
    codes = some_codes(prior, grid, seed)
    cut = codes.reshape(*grid, -1)[:, :128]
    whole, part = (
        choices(prior, codes, grid),
        choices(prior, cut.reshape(-1, codes.shape[1]), (grid[0], cut.shape[1], grid[2])),
    )
    for one, other in zip(whole, part, strict=True):
        shaped = one.reshape(*grid, -1)[:, :128]
        np.testing.assert_array_equal(shaped.reshape(other.shape), other)
