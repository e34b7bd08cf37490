"""RDOQ: codes cost no more than rounded ones."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aecodec.arrays import Codes, Latents
from aecodec.codec_files.levels import Level, RateWeight
from aecodec.prior_fitting.level_tables import bits, level_tables
from aecodec.prior_fitting.prior import Prior
from aecodec.prior_fitting.table_fitting import fit_prior

LEVEL = Level(0, 3, gains=(-700, -500, -300))
WEIGHT = RateWeight(5)
LAMBDA = 5 / 128
"""Squared error, in squared steps, that one bit is worth at this weight."""


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
    """Squared error in squared steps plus lambda times bits."""
    return float(np.square(latents - codes).sum() + LAMBDA * bits(prior, codes).sum())


@given(st.integers(0, 1000), st.sampled_from([0.3, 1.0, 5.0, 30.0]))
def test_moving_another_code_towards_0_gains_nothing(prior: Prior, seed: int, width: float) -> None:
    latents = some_latents(seed, width, 20)
    exact, codes = latents * LEVEL.factors / 2**15, decided(prior, latents, WEIGHT)
    least, simply = cost(prior, exact, codes), np.floor(exact + 0.5).astype(np.int8)
    assert least <= cost(prior, exact, simply) + 0.01
    assert (np.abs(codes) <= np.abs(simply)).all()
    for place in zip(*np.nonzero(codes == simply), strict=True):
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
    assert (masked != decided(prior, latents, RateWeight(9))).any()
