"""Likeness is MS-SSIM, averaged over parts of large pictures, or the PSNR of tiny ones."""

from __future__ import annotations

import math

import numpy as np
import pytest

from aecodec import metrics
from aecodec.arrays import Pixels
from benchmarks.c_codec import likeness


@pytest.mark.parametrize("shape", [(11, 11), (22, 40), (150, 176), (200, 300), (8, 40), (1, 1)])
@pytest.mark.parametrize("channels", [1, 3])
def test_likeness(photograph: Pixels, shape: tuple[int, int], channels: int) -> None:
    original = photograph[: shape[0], : shape[1], :channels]
    noise = np.random.default_rng(0).integers(-30, 30, original.shape)
    noisy = np.clip(original + noise, 0, 255).astype(np.uint8)
    for restored in (noisy, original // 2, 255 - original):
        expected = metrics.ms_ssim(original, restored)
        if min(shape) < 11:
            expected = metrics.psnr(metrics.mse(original, restored))
        assert math.isclose(likeness(original[None], restored[None]), expected, rel_tol=1e-9)


def test_large_pictures_are_measured_in_parts(photograph: Pixels) -> None:
    original = np.tile(photograph, (3, 2, 1))[:1100]
    restored = original // 3 * 3
    parts = [slice(0, 550), slice(550, 1100)], [slice(0, 640), slice(640, 1280)]
    expected = np.mean(
        [metrics.ms_ssim(original[y, x], restored[y, x]) for y in parts[0] for x in parts[1]]
    )
    assert math.isclose(likeness(original[None], restored[None]), expected, rel_tol=1e-9)
