"""Priors and context networks are fitted to the codes that encoders make, and save bits."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from aecodec.base.arrays import Codes
from aecodec.codec_files.levels import Level, RateWeight
from aecodec.prior_fitting.context_network import ContextNetwork, array_fields
from aecodec.prior_fitting.context_training import ContextTraining
from aecodec.prior_fitting.fitting import PriorOptions, fit_context, fit_levels, fit_prior
from aecodec.prior_fitting.level_tables import bits, level_tables
from aecodec.prior_fitting.prior import Prior
from aecodec.prior_fitting.trainable_context import TrainableContext, logistic_mass


def busy_and_even(pictures: int) -> np.ndarray:
    """Codes (pictures, 12, 12, 6) that spread as far as their neighbours and as each other."""
    rng = np.random.default_rng(0)
    coarse = rng.uniform(0.1, 6, (pictures, 3, 3, 1)).repeat(4, axis=1).repeat(4, axis=2)
    return (rng.logistic(0, 0.5, (pictures, 12, 12, 6)) * coarse).round().astype(np.int16)


def test_fitting_is_deterministic_and_competition_pays() -> None:
    rng = np.random.default_rng(0)
    kinds = rng.integers(0, 2, 4000)[:, None]
    codes = np.where(kinds, rng.normal(-6, 1, (4000, 8)), rng.normal(6, 1, (4000, 8)))
    codes = codes.round().astype(np.int16)
    single, pair, repeated = (fit_prior(codes, priors=p, tables=64) for p in (1, 2, 2))
    for name in ("bank", "table", "offset", "index"):
        assert (getattr(pair, name) == getattr(repeated, name)).all()
    assert bits(pair, codes).mean() < bits(single, codes).mean() - 5
    assert bits(pair, codes).mean() < 8 * np.log2(np.sqrt(2 * np.pi * np.e)) + 2


def test_a_symbol_that_is_nearly_always_0_costs_nearly_nothing() -> None:
    wide = np.random.default_rng(0).integers(-100, 101, (20_000, 1))
    codes = np.hstack([wide, np.zeros((20_000, 63), np.int64)]).astype(np.int16)
    mean = bits(fit_prior(codes, priors=1), codes).mean()
    assert mean < np.log2(201) + 0.1  # 0.28 more with a frequency for every symbol of the range


def test_priors_are_fitted_to_the_codes_that_encoders_make() -> None:
    latents, level = busy_and_even(60).astype(np.int8), Level(0, 6, gains=(-300,) * 6)
    rounded = fit_prior(level.quantize(level.channels_of(latents)), priors=1)
    weight = RateWeight(12, 1)

    def decided(prior: Prior) -> Codes:
        return level_tables(prior, level).decide(latents, weight)

    [prior] = fit_levels([level], latents, PriorOptions(1, context_units=0, rdoq=weight))
    first = fit_prior(level.quantize(level.channels_of(latents[::6])), priors=1)
    assert (prior.bank == fit_prior(decided(first), priors=1).bank).all()
    sums = [bits(candidate, decided(candidate)).sum() for candidate in (prior, rounded)]
    assert sums[0] < sums[1]


def test_the_context_of_neighbours_saves_bits() -> None:
    codes = busy_and_even(45)
    flat, grid = codes.reshape(-1, 6), codes.shape[:3]
    alone = fit_prior(flat, priors=1)
    fitted = fit_context(alone, flat, 16, ContextTraining(15), grid)
    assert fitted.has_spatial_context
    assert bits(fitted, flat, grid).mean() < 0.97 * bits(alone, flat).mean()


def test_a_network_starts_with_the_weights_of_a_level_with_another_order_of_channels() -> None:
    codes, grid = busy_and_even(20).reshape(-1, 6), (20, 12, 12)
    factors = np.array([1, 2, 3, 4, 5, 6])
    rising, falling = codes * factors, codes * factors[::-1]
    trained = ContextTraining(15).train(fit_prior(rising, priors=1), rising, 16, grid)
    prior = fit_prior(falling, priors=1)
    fresh, started = (TrainableContext(prior, falling, 16, True, 0.0) for _ in range(2))
    started.start_from(trained)
    every = (len(codes), 0, 0)  # all as if with neighbours of the first kind
    bits_of = [np.mean(n(n.inputs(falling, grid), counts=every)) for n in (fresh, started)]
    assert bits_of[1] < 0.993 * bits_of[0]


def test_the_narrowest_distributions_have_gradients() -> None:
    scales = tf.constant([-1000.0, -90.0, -7.0])
    with tf.GradientTape() as tape:
        tape.watch(scales)
        mass = logistic_mass(tf.constant([[0.0], [0.5], [3.0]]), scales)
    assert np.isfinite(tape.gradient(mass, scales)).all()


def test_a_context_network_is_kept_where_it_saves_bits() -> None:
    rng = np.random.default_rng(0)
    alike = rng.normal(0, 4, (4000, 1)) + rng.normal(0, 1, (4000, 6))
    unlike = rng.normal(0, 4, (4000, 6))
    first, repeated, without = (
        fit_context(fit_prior(codes, priors=2), codes, 32, ContextTraining(5))
        for codes in (values.round().astype(np.int16) for values in (alike, alike, unlike))
    )
    assert first.context
    assert repeated.context
    for name in array_fields(ContextNetwork):
        assert (getattr(first.context, name) == getattr(repeated.context, name)).all()
    assert without.context is None
