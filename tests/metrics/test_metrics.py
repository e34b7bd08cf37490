"""MS-SSIM agrees with TensorFlow's."""

from __future__ import annotations

import math

import numpy as np
import pytest
import tensorflow as tf

from aecodec import metrics
from aecodec.arrays import Pixels


@pytest.mark.parametrize("noise", [2, 20, 60])
def test_ms_ssim_agrees_with_tensorflow(photograph: Pixels, noise: int) -> None:
    photograph = photograph[:416, :640]  # odd sides, which TensorFlow pads, occur at no scale
    rng = np.random.default_rng(0)
    noisy = np.clip(photograph + rng.normal(0, noise, photograph.shape), 0, 255).astype(np.uint8)
    theirs = tf.image.ssim_multiscale(photograph, noisy, 255)
    assert metrics.ms_ssim(photograph, noisy) == pytest.approx(float(theirs), abs=2e-4)


def test_ms_ssim_of_small_pictures_has_fewer_scales(photograph: Pixels) -> None:
    small = photograph[:28, :28]
    theirs = tf.image.ssim_multiscale(small, small // 2, 255, power_factors=[0.1356, 0.8644])
    assert metrics.ms_ssim(small, small // 2) == pytest.approx(float(theirs), abs=2e-4)
    assert math.isnan(metrics.ms_ssim(small[:10], small[:10]))
