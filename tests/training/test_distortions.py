"""Distortions agree with the measures that they stand for, and a training minimizes them."""

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
from aecodec.training import Autoencoder
from aecodec.training.losses.blocking import blocking_error
from aecodec.training.losses.mixture import MEASURES, ms_ssim_error

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


@pytest.mark.parametrize("quality", QUALITIES)
def test_ms_ssim_is_that_of_the_metrics(quality: int) -> None:
    error = ms_ssim_error(floats(as_jpeg(quality)), floats(photograph()))
    similarity = metrics.ms_ssim(photograph(), as_jpeg(quality))
    assert float(error[0]) == pytest.approx(1 - similarity, abs=1e-4)


def test_errors_grow_as_quality_falls_and_are_0_for_equal_pictures() -> None:
    decoded = floats(*(as_jpeg(quality) for quality in QUALITIES), photograph())
    originals = floats(*[photograph()] * len(decoded))
    for measure in MEASURES.values():
        errors = measure(decoded, originals).numpy()
        assert (np.diff(errors) < 0).all()
        assert errors[-1] == pytest.approx(0, abs=0.1)


def test_blocks_in_the_sky_count_more_than_noise_in_a_texture() -> None:
    rng = np.random.default_rng(0)
    even, texture = np.full((64, 64, 1), 0.5, np.float32), rng.random((64, 64, 1), np.float32)
    blocks = np.kron(rng.choice([-0.004, 0.004], (4, 4)), np.ones((16, 16)))[..., None]
    noise = 0.02 * rng.standard_normal((64, 64, 1))
    pair = np.stack([even + blocks, texture + noise]).astype(np.float32), np.stack([even, texture])
    assert np.divide(*MEASURES["mse"](*pair).numpy()) < 0.1
    assert np.divide(*blocking_error(*pair).numpy()) > 3


def test_a_step_at_the_border_of_a_block_counts_and_elsewhere_does_not() -> None:
    even = np.full((1, 64, 64, 3), 0.5, np.float32)
    border, elsewhere = (even + 0.01 * (np.arange(64) >= place)[:, None] for place in (32, 36))
    assert float(blocking_error(border, even)[0]) > 100 * float(blocking_error(elsewhere, even)[0])


def test_gradients_are_finite_even_where_nothing_is_wrong() -> None:
    originals = tf.constant(floats(photograph(), np.zeros_like(photograph())))
    for measure in MEASURES.values():
        with tf.GradientTape() as tape:
            tape.watch(originals)
            error = measure(originals, tf.identity(originals))
        assert np.isfinite(tape.gradient(error, originals)).all()


def test_pictures_smaller_than_a_window_are_refused_before_training(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Autoencoder, "_check_convertible", lambda self: None)  # takes a second
    autoencoder = Autoencoder(*dense_pair((8, 8), 4))
    x = np.zeros((10, 8, 8), np.float32)
    with pytest.raises(UsageError, match=r"8x8 pixels .* ms-ssim, .* at least 22"):
        autoencoder.train(x, epochs=1, distortion="ms-ssim", verbose=0)


@pytest.mark.slow
def test_a_training_minimizes_what_it_is_told_to(x: np.ndarray) -> None:
    images, errors = x.astype(np.float32), {}
    for distortion in ("mse", "ms-ssim"):
        autoencoder = Autoencoder(*dense_pair((28, 28), 10))
        autoencoder.train(images, epochs=4, batch_size=32, verbose=0)
        autoencoder.train(images, epochs=4, batch_size=32, distortion=distortion, verbose=0)
        decoded = autoencoder.decoder(autoencoder.encoder(images))
        errors[distortion] = [
            float(tf.reduce_mean(MEASURES[name](decoded, images))) for name in ("mse", "ms-ssim")
        ]
    assert errors["mse"][0] < errors["ms-ssim"][0]
    assert errors["mse"][1] > errors["ms-ssim"][1]
