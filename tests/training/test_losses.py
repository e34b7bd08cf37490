"""Losses weigh each picture by a power of its cost."""

from __future__ import annotations

import pytest
import tensorflow as tf
from helpers.networks.pairs import dense_pair

from aecodec.keras_models.pair import KerasPair
from aecodec.training.losses.base import RateOptions
from aecodec.training.losses.gained import GainedRateDistortionLoss
from aecodec.training.losses.mixture import Mixture
from aecodec.training.losses.separate_channels import RateDistortionLoss
from aecodec.training.zoo import PAIRS


def test_each_picture_counts_by_a_power_of_its_cost() -> None:
    bits, errors = tf.constant([10.0, 20.0]), tf.constant([0.1, 0.2])
    options = RateOptions([2.0], 1, cost_power=0.5)
    pair = KerasPair(*dense_pair((28, 28), 4))
    loss = RateDistortionLoss(pair, [4], [0.04], options, Mixture())
    costs = [(100 * 0.1 + 0.04 * 10) / 0.2, (100 * 0.2 + 0.04 * 20) / 0.2]
    expected = 2 * (costs[0] ** 0.5 + costs[1] ** 0.5) / 2
    assert float(loss.total_cost([bits], [errors], pixels=100)) == pytest.approx(expected)
    options = RateOptions([1.0, 2.0], cost_power=0.5)
    pair = KerasPair(*PAIRS["picture"].build((64, 64, 3), 8))
    gained = GainedRateDistortionLoss(pair, [0.04, 0.01], options, Mixture())
    costs = [(100 * 0.1 + 0.04 * 10) / 0.2, (100 * 0.2 + 0.01 * 20) / 0.1]
    expected = (1 * costs[0] ** 0.5 + 2 * costs[1] ** 0.5) / 2
    counted = gained.total_cost(bits, errors, tf.constant([0, 1]), pixels=100)
    assert float(counted) == pytest.approx(expected)
