"""MS-SSIM agrees with TensorFlow's, and SSIMULACRA2 is that of its package."""

from __future__ import annotations

import io
import math
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from ssimulacra2 import compute_ssimulacra2

from aecodec import metrics
from aecodec.base.arrays import Pixels


@pytest.mark.parametrize("noise", [2, 20, 60])
def test_ms_ssim_agrees_with_tensorflow(photograph: Pixels, noise: int) -> None:
    photograph = photograph[:416, :640]  # odd sides, which TensorFlow pads, occur at no scale
    rng = np.random.default_rng(0)
    noisy = np.clip(photograph + rng.normal(0, noise, photograph.shape), 0, 255).astype(np.uint8)
    expected = tf.image.ssim_multiscale(photograph, noisy, 255)
    assert metrics.ms_ssim(photograph, noisy) == pytest.approx(float(expected), abs=2e-4)


def test_ms_ssim_of_small_pictures_has_fewer_scales(photograph: Pixels) -> None:
    small = photograph[:28, :28]
    expected = tf.image.ssim_multiscale(small, small // 2, 255, power_factors=[0.1356, 0.8644])
    assert metrics.ms_ssim(small, small // 2) == pytest.approx(float(expected), abs=2e-4)
    assert math.isnan(metrics.ms_ssim(small[:10], small[:10]))


def test_ms_ssim_of_large_pictures_is_the_mean_of_their_parts(photograph: Pixels) -> None:
    large = np.tile(photograph, (3, 1, 1))[:1100, :40]
    parts = [metrics.ms_ssim(large[y], large[y] // 3 * 3) for y in (slice(550), slice(550, 1100))]
    assert metrics.ms_ssim(large, large // 3 * 3) == pytest.approx(np.mean(parts), rel=1e-9)


def test_ssimulacra2_is_that_of_the_package(photograph: Pixels, tmp_path: Path) -> None:
    file = io.BytesIO()
    Image.fromarray(photograph).save(file, "JPEG", quality=10)
    poor = np.asarray(Image.open(file))
    files = [tmp_path / "original.png", tmp_path / "poor.png"]
    for pixels, path in zip((photograph, poor), files, strict=True):
        Image.fromarray(pixels).save(path)
    assert metrics.ssimulacra2(photograph, poor) == compute_ssimulacra2(*files) < 50
    grey = [pixels[:240, :320, 1:2] for pixels in (photograph, poor)]
    as_rgb = [np.repeat(pixels, 3, axis=-1) for pixels in grey]
    assert metrics.ssimulacra2(*grey) == metrics.ssimulacra2(*as_rgb) < 80
    assert math.isnan(metrics.ssimulacra2(photograph[:7], photograph[:7]))
    assert metrics.ssimulacra2(photograph[:8, :8], photograph[:8, :8]) == pytest.approx(100)
