"""MS-SSIM: how alike the structures of two pictures are, at several scales."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from aecodec.arrays import Float64

_WINDOW = 11
SCALE_WEIGHTS = np.array([0.0448, 0.2856, 0.3001, 0.2363, 0.1333])
_GAUSSIAN = np.exp(-0.5 * (np.arange(_WINDOW) - _WINDOW // 2) ** 2 / 1.5**2)
_C1, _C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
"""Constants of MS-SSIM, from the paper that :func:`ms_ssim` names."""


def ms_ssim(original: npt.NDArray[Any], reconstructed: npt.NDArray[Any]) -> float:
    """Multi-scale structural similarity of 8-bit pictures, the mean over their channels.

    Z. Wang et al., "Multiscale structural similarity for image quality assessment", 2003. If a
    picture is too small for five scales, the largest possible number of scales is used, with
    their weights in proportion.

    Args:
        original: (H, W, C) uint8.
        reconstructed: (H, W, C) uint8.

    Returns:
        At most 1; NaN for pictures with a side below 11 pixels.

    >>> ms_ssim(np.zeros((28, 28, 1), np.uint8), np.zeros((28, 28, 1), np.uint8))
    1.0
    """
    side = min(original.shape[:2])
    if side < _WINDOW:
        return math.nan
    weights = SCALE_WEIGHTS[: int(math.log2(side / _WINDOW)) + 1]
    pair = [_planes(each) for each in (original, reconstructed)]
    similarity = np.ones(len(pair[0]))
    for number, weight in enumerate(weights / weights.sum(), start=1):
        luminance, contrast = _similarities(*pair)
        factor = luminance * contrast if number == len(weights) else contrast
        similarity *= np.maximum(factor.mean(axis=(1, 2)), 0) ** weight
        pair = [_halve(each) for each in pair]
    return float(similarity.mean())


def _planes(pixels: npt.NDArray[Any]) -> Float64:
    """Planes (C, H, W), one after the other in memory, in which windows are read faster."""
    return np.ascontiguousarray(np.moveaxis(pixels, -1, 0), np.float64)


def _similarities(x: Float64, y: Float64) -> tuple[Float64, Float64]:
    """Similarity of planes (C, H, W) per window: of luminance, and of contrast and structure."""
    mean_x, mean_y = _blur(x), _blur(y)
    product, squares = mean_x * mean_y, mean_x**2 + mean_y**2
    covariance, variances = _blur(x * y) - product, _blur(x**2 + y**2) - squares
    return (
        (2 * product + _C1) / (squares + _C1),
        (2 * covariance + _C2) / (variances + _C2),
    )


def _blur(planes: Float64) -> Float64:
    """Weighted means under a Gaussian window, at each place where the whole window fits."""
    weights = _GAUSSIAN / _GAUSSIAN.sum()
    for axis in (1, 2):
        planes = np.lib.stride_tricks.sliding_window_view(planes, _WINDOW, axis) @ weights
    return planes


def _halve(planes: Float64) -> Float64:
    """Means of blocks of 2x2 pixels."""
    even = planes[:, : planes.shape[1] // 2 * 2, : planes.shape[2] // 2 * 2]
    return (even[:, ::2, ::2] + even[:, 1::2, ::2] + even[:, ::2, 1::2] + even[:, 1::2, 1::2]) / 4
