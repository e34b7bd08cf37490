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

from aecodec import UsageError, metrics
from aecodec.arrays import Float32, Pixels
from aecodec.keras_models.pair import KerasPair
from aecodec.training.losses.base import TrainingOptions
from aecodec.training.losses.distortions import (
    MEASURES,
    blocking_error,
    check_distortion,
    ms_ssim_error,
)
from aecodec.training.losses.gained import GainedRateDistortionLoss
from aecodec.training.losses.separate_channels import RateDistortionLoss
from aecodec.training.zoo import NETWORKS

QUALITIES = (10, 30, 60, 90)


def photograph() -> Pixels:
    """(192, 256, 3) of a photograph with sky, walls and fine lines."""
    return np.ascontiguousarray(load_photograph()[100:292, 100:356])


@cache
def as_jpeg(quality: int) -> Pixels:
    file = io.BytesIO()
    Image.fromarray(photograph()).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file))


def floats(*pictures: Pixels) -> Float32:
    """A batch of pictures in 0..1."""
    return np.stack(pictures).astype(np.float32) / 255


def test_errors_are_those_of_the_metrics_and_grow_as_quality_falls() -> None:
    decoded = [*map(as_jpeg, QUALITIES), photograph()]
    originals = floats(*[photograph()] * len(decoded))
    similarities = [metrics.ms_ssim(photograph(), picture) for picture in decoded]
    expected = pytest.approx(1 - np.array(similarities), abs=1e-4)
    assert ms_ssim_error(floats(*decoded), originals).numpy() == expected
    for measure in MEASURES.values():
        errors = measure(floats(*decoded), originals).numpy()
        assert (np.diff(errors) < 0).all()
        assert errors[-1] == pytest.approx(0, abs=0.1)


def test_blocks_in_the_sky_count_more_than_noise_in_a_texture_or_steps_inside_blocks() -> None:
    rng = np.random.default_rng(0)
    even, texture = np.full((64, 64, 1), 0.5, np.float32), rng.random((64, 64, 1), np.float32)
    blocks = np.kron(rng.choice([-0.004, 0.004], (4, 4)), np.ones((16, 16)))[..., None]
    noise = 0.02 * rng.standard_normal((64, 64, 1))
    pair = np.stack([even + blocks, texture + noise]).astype(np.float32), np.stack([even, texture])
    assert np.divide(*MEASURES["mse"](*pair).numpy()) < 0.1
    assert np.divide(*blocking_error(*pair).numpy()) > 3
    steps = [
        even + np.float32(0.01) * (np.arange(64) >= place)[:, None, None] for place in (32, 36)
    ]
    border, inside = blocking_error(np.stack(steps), np.stack([even, even])).numpy()
    assert border > 100 * inside


def test_gradients_are_finite_even_where_nothing_is_wrong() -> None:
    originals = tf.constant(floats(photograph(), np.zeros_like(photograph())))
    for measure in MEASURES.values():
        with tf.GradientTape() as tape:
            tape.watch(originals)
            error = measure(originals, tf.identity(originals))
        assert np.isfinite(tape.gradient(error, originals)).all()


def test_pictures_smaller_than_a_window_are_refused() -> None:
    with pytest.raises(UsageError, match=r"8x9 pixels .* ms-ssim, .* at least 22"):
        check_distortion({"mse": 1, "ms-ssim": 1}, 9, 8)


def test_each_picture_counts_by_a_power_of_its_cost() -> None:
    bits, errors = tf.constant([10.0, 20.0]), tf.constant([0.1, 0.2])
    options = TrainingOptions(loss_weights=[2.0], cost_power=0.5)
    pair = KerasPair(*dense_pair((28, 28), 4))
    loss = RateDistortionLoss(pair, [4], [0.04], options)
    costs = [(100 * 0.1 + 0.04 * 10) / 0.2, (100 * 0.2 + 0.04 * 20) / 0.2]
    expected = 2 * (costs[0] ** 0.5 + costs[1] ** 0.5) / 2
    assert float(loss.total_cost([bits], [errors], pixels=100)) == pytest.approx(expected)
    options = TrainingOptions(loss_weights=[1.0, 2.0], cost_power=0.5)
    pair = KerasPair(*NETWORKS["picture"].build((64, 64, 3), 8))
    gained = GainedRateDistortionLoss(pair, [0.04, 0.01], options)
    costs = [(100 * 0.1 + 0.04 * 10) / 0.2, (100 * 0.2 + 0.01 * 20) / 0.1]
    expected = (1 * costs[0] ** 0.5 + 2 * costs[1] ** 0.5) / 2
    counted = gained.total_cost(bits, errors, tf.constant([0, 1]), pixels=100)
    assert float(counted) == pytest.approx(expected)
