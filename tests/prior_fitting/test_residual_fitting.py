"""Residual networks that are fitted to pictures predict such pictures."""

from __future__ import annotations

import logging

import numpy as np
import pytest
from helpers.networks.residuals import plain_networks

from aecodec.native.tables import ResidualValues
from aecodec.prior_fitting.residual_fitting import Example, fit_networks
from aecodec.prior_fitting.residual_network import ResidualNetworks


@pytest.mark.slow
def test_fitted_networks_save_bits_and_are_the_same_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    examples = [_example(seed) for seed in range(6)]
    with caplog.at_level(logging.INFO, "aecodec"):
        networks = fit_networks(examples[:5], 1, steps=60, units=8)
    assert caplog.messages == [
        "fitting preliminary residual network without base, 1 of 1",
        "fitting residual network without base, 1 of 1",
    ]
    assert _size(networks, examples[5]) < 0.9 * _size(plain_networks(False), examples[5])
    assert fit_networks(examples[:5], 1, steps=60, units=8).content == networks.content


def _example(seed: int) -> Example:
    """A slope with noise, in a band of 12 bits."""
    rng = np.random.default_rng(seed)
    slope = np.add.outer(np.arange(40) * rng.integers(5, 30), np.arange(40) * 11)
    values = np.clip(slope + rng.normal(0, 9, slope.shape), 0, 4095).astype(np.int64)
    return Example(values[None], None, 2 * seed + 1, (0, 4095))


def _size(networks: ResidualNetworks, example: Example) -> int:
    decoded, size = ResidualValues(*example).coded(networks.content)
    assert np.abs(decoded - example.values).max() <= example.step // 2
    return size
