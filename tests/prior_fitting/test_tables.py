"""Tables of levels: what encoders choose with them, RDOQ, and sections that keep all they code."""

from __future__ import annotations

import math

import numpy as np
import pytest
from helpers.strategies import priors
from hypothesis import given, settings
from hypothesis import strategies as st

from aecodec.base.arrays import Codes, Latents
from aecodec.codec_files.levels import Level, RateWeight
from aecodec.prior_fitting.fitting import fit_prior
from aecodec.prior_fitting.level_tables import bits, choices, level_tables
from aecodec.prior_fitting.prior import Prior, integer_costs

Grid = tuple[int, int, int]
LEVEL = Level(0, 3, gains=(-700, -500, -300))
WEIGHT = RateWeight(5)
LAMBDA = 5 / 128
"""Squared error, in squared steps, that one bit is worth at this weight."""


def some_codes(prior: Prior, grid: Grid, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.normal(0, 9, (math.prod(grid), prior.code_dimension)).round().astype(np.int8)


@settings(max_examples=60)
@given(priors(), st.tuples(*[st.integers(1, 19)] * 2), st.integers(0, 2**32))
def test_rows_and_columns_take_as_many_bits_as_the_file(
    prior: Prior, sides: tuple[int, int], seed: int
) -> None:
    """The file has a header of up to 12 bytes, a checksum, and at least a byte per 64 vectors.

    Zeros at the end of a message are left out.
    """
    codes, grid = some_codes(prior, (1, *sides), seed), (1, *sides)
    size = len(level_tables(prior).file(sides[::-1], False, codes))
    expected = bits(prior, codes, grid).sum() / 8
    assert expected - 3 <= size - 8 - 4 <= 1.02 * expected + 8 + len(codes) / 64


@settings(max_examples=30)
@given(priors(), st.tuples(*[st.integers(1, n) for n in (3, 140, 5)]), st.integers(0, 2**32))
def test_segments_do_not_depend_on_each_other(prior: Prior, grid: Grid, seed: int) -> None:
    codes = some_codes(prior, grid, seed)
    whole = choices(prior, codes, grid)
    cut = codes.reshape(*grid, -1)[:, :128]
    part = choices(prior, cut.reshape(-1, codes.shape[1]), (grid[0], cut.shape[1], grid[2]))
    for expected, actual in zip(whole, part, strict=True):
        first = expected.reshape(*grid, -1)[:, :128]
        np.testing.assert_array_equal(actual, first.reshape(actual.shape))


def test_costs_never_lie_near_a_tie() -> None:
    """Every machine rounds to the same 1/256 bit, whatever the last digit of its logarithm."""
    exact = 256 * (16 - np.log2(np.arange(1, 65536, dtype=np.longdouble)))
    assert np.abs(exact - np.floor(exact) - 0.5).min() > 1e-9
    assert (integer_costs(np.arange(1, 65536)) == np.rint(exact)).all()


@pytest.fixture(scope="module")
def prior() -> Prior:
    codes = np.random.default_rng(0).laplace(0, [0.3, 1, 4], (2500, 3)).round()
    return fit_prior(codes.astype(np.int8), priors=1, tables=64)


def some_latents(seed: int, width: float, count: int) -> Latents:
    drawn = np.random.default_rng(seed).laplace(0, width, (count, 3)) / LEVEL.factors * 2.0**15
    return np.rint(drawn).clip(-128, 127).astype(np.int8)


def decided(prior: Prior, latents: Latents, weight: RateWeight) -> Latents:
    return level_tables(prior, LEVEL, in_grid=False).decide(latents, weight)


def cost(prior: Prior, latents: np.ndarray, codes: Codes) -> float:
    return float(np.square(latents - codes).sum() + LAMBDA * bits(prior, codes).sum())


@given(st.integers(0, 1000), st.sampled_from([0.3, 1.0, 5.0, 30.0]))
def test_moving_another_code_towards_0_gains_nothing(prior: Prior, seed: int, width: float) -> None:
    latents = some_latents(seed, width, 20)
    exact, codes = latents * LEVEL.factors / 2**15, decided(prior, latents, WEIGHT)
    least, rounded = cost(prior, exact, codes), np.floor(exact + 0.5).astype(np.int8)
    assert least <= cost(prior, exact, rounded) + 0.01
    assert (np.abs(codes) <= np.abs(rounded)).all()
    for place in zip(*np.nonzero(codes == rounded), strict=True):
        moved = codes.copy()
        moved[place] -= np.sign(codes[place])
        assert cost(prior, exact, moved) >= least - 0.01


def test_each_vector_is_decided_with_its_own_weight(prior: Prior) -> None:
    latents = some_latents(0, 1, 400)
    masked = decided(prior, latents, RateWeight(9, 1))
    nearest = np.floor(latents * LEVEL.factors / 2**15 + 0.5)
    weights = np.count_nonzero(nearest, axis=1)
    assert set(weights) == {0, 1, 2, 3}
    for weight in range(4):
        own = weights == weight
        assert (masked[own] == decided(prior, latents, RateWeight(weight))[own]).all()
