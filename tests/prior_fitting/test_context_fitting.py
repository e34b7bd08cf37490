"""Context networks are fitted to codes, and are kept where they save bits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf
from helpers.codes import busy_and_even

from aecodec.prior_fitting.context_fitting import fit_context, train_network
from aecodec.prior_fitting.context_network import ContextNetwork, array_fields
from aecodec.prior_fitting.level_tables import bits
from aecodec.prior_fitting.table_fitting import fit_prior, pool_bank


@pytest.mark.slow
def test_the_integer_network_of_pictures_is_the_trained_one() -> None:
    codes = busy_and_even(60)
    flat, grid = codes.reshape(-1, 6) + np.int16(3), codes.shape[:3]
    alone = fit_prior(flat, priors=1)
    network = train_network(alone, flat, units=32, epochs=30, grid=grid)
    trained = float(tf.reduce_mean(network(network.inputs(flat, grid))))
    integers = pool_bank(replace(alone, context=network.quantized()), flat, grid)
    assert bits(integers, flat, grid).mean() == pytest.approx(trained, rel=0.03)


def test_the_context_of_neighbours_saves_bits() -> None:
    codes = busy_and_even(45)
    flat, grid = codes.reshape(-1, 6), codes.shape[:3]
    alone = fit_prior(flat, priors=1)
    fitted = fit_context(alone, flat, units=16, epochs=15, grid=grid)
    assert fitted.has_spatial_context
    before = bits(alone, flat).mean()
    assert bits(fitted, flat, grid).mean() < 0.97 * before


@pytest.mark.slow
def test_gradients_across_the_neighbours_predict_a_vector() -> None:
    rng = np.random.default_rng(0)
    down, right = rng.normal(0, 3, (2, 60, 1, 1))
    row, column = np.mgrid[-6:6, -6:6]
    noise = rng.normal(0, 0.3, (3, 60, 12, 12))
    ramps = [down * row + right * column, 2 * down + 0 * row, 2 * right + 0 * row]
    codes = np.stack(ramps + noise, axis=-1).round().astype(np.int16)
    flat, grid = codes.reshape(-1, 3), codes.shape[:3]
    prior = fit_context(fit_prior(flat, priors=1), flat, units=16, epochs=25, grid=grid)
    assert prior.has_spatial_context
    spatial = prior.context.spatial
    blind = replace(spatial, gradient_weights=np.zeros_like(spatial.gradient_weights))
    without = replace(prior, context=replace(prior.context, spatial=blind))
    with_gradients = bits(prior, flat, grid).mean()
    assert with_gradients < 0.6 * bits(without, flat, grid).mean()


def test_a_context_network_is_kept_where_it_saves_bits() -> None:
    rng = np.random.default_rng(0)
    alike = rng.normal(0, 4, (4000, 1)) + rng.normal(0, 1, (4000, 6))
    unlike = rng.normal(0, 4, (4000, 6))
    first, again, without = (
        fit_context(fit_prior(codes, priors=2), codes, units=32, epochs=5)
        for codes in (values.round().astype(np.int16) for values in (alike, alike, unlike))
    )
    assert first.context
    assert again.context
    for name in array_fields(ContextNetwork):
        assert (getattr(first.context, name) == getattr(again.context, name)).all()
    assert without.context is None
