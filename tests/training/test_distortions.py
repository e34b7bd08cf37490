"""Distortions agree with the measures that they stand for, and losses weigh them by pictures."""

from __future__ import annotations

import io
from functools import cache

import numpy as np
import pytest
import tensorflow as tf
from helpers.networks.pairs import dense_pair
from helpers.real_data import load_photograph
from PIL import Image

from aecodec import UsageError
from aecodec.base.arrays import Float32, Pixels
from aecodec.keras_models.pair import KerasPair
from aecodec.training.distortions import (
    check_sides_for_ssimulacra2,
    mean_squares,
    ssimulacra2_error,
)
from aecodec.training.losses import RateDistortionLoss, TrainingOptions

QUALITIES = (10, 30, 60, 90)


def photograph() -> Pixels:
    return np.ascontiguousarray(load_photograph()[100:292, 100:356])


@cache
def as_jpeg(quality: int) -> Pixels:
    file = io.BytesIO()
    Image.fromarray(photograph()).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file))


def floats(*pictures: Pixels) -> Float32:
    return np.stack(pictures).astype(np.float32) / 255


def test_errors_grow_as_quality_falls_and_are_0_for_equal_pictures() -> None:
    decoded = floats(*map(as_jpeg, QUALITIES), photograph())
    originals = floats(*[photograph()] * len(decoded))
    for measure in (mean_squares, ssimulacra2_error):
        errors = tf.function(measure)(decoded, originals).numpy()  # as trainings do
        assert (np.diff(errors) < 0).all()
        assert errors[-1] == pytest.approx(0, abs=0.1)


def test_gradients_are_finite_even_where_nothing_is_wrong() -> None:
    originals = tf.constant(floats(photograph(), np.zeros_like(photograph())))
    with tf.GradientTape() as tape:
        tape.watch(originals)
        error = ssimulacra2_error(originals, tf.identity(originals))
    assert np.isfinite(tape.gradient(error, originals)).all()


def test_pictures_smaller_than_a_window_are_refused() -> None:
    with pytest.raises(UsageError, match=r"8x9 pixels .* at least 22"):
        check_sides_for_ssimulacra2(0.1, 9, 8)


def test_each_picture_counts_by_a_power_of_its_cost() -> None:
    bits, errors = tf.constant([10.0, 20.0]), tf.constant([0.1, 0.2])
    options = TrainingOptions(loss_weights=[1.0, 2.0], cost_power=0.5)
    loss = RateDistortionLoss(KerasPair(*dense_pair((28, 28), 4)), [1, 3], [0.04, 0.01], options)
    costs = [(100 * 0.1 + 0.04 * 10) / 0.2, (100 * 0.2 + 0.01 * 20) / 0.1]
    expected = (1 * costs[0] ** 0.5 + 2 * costs[1] ** 0.5) / 2
    counted = loss.total_cost(bits, errors, tf.constant([0, 1]), pixels=100)
    assert float(counted) == pytest.approx(expected)
