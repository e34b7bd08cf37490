"""MS-SSIM: how alike the structures of two pictures are, at several scales."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from aecodec.arrays import Float64

WINDOW = 11
"""Side of a window in pixels."""

_GAUSSIAN = np.exp(-0.5 * (np.arange(WINDOW) - WINDOW // 2) ** 2 / 1.5**2)
WINDOW_WEIGHTS = _GAUSSIAN / _GAUSSIAN.sum()
"""Weights of a window along one axis."""

_SCALE_WEIGHTS = np.array([0.0448, 0.2856, 0.3001, 0.2363, 0.1333])
_K1, _K2 = 0.01, 0.03
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
    if side < WINDOW:
        return math.nan
    weights = scale_weights(side)
    x, y = _planes(original), _planes(reconstructed)
    similarity = np.ones(len(x))
    for number, weight in enumerate(weights, start=1):
        luminance, contrast = similarities(x, y, _blur, peak=255)
        factor = luminance * contrast if number == len(weights) else contrast
        similarity *= np.maximum(factor.mean(axis=(1, 2)), 0) ** weight
        x, y = halved(x), halved(y)
    return float(similarity.mean())


def scale_weights(side: int) -> Float64:
    """Weights of the scales, at most five, of a picture with a shortest side of 11 and up.

    >>> len(scale_weights(176)), len(scale_weights(175))
    (5, 4)
    """
    weights = _SCALE_WEIGHTS[: int(math.log2(side / WINDOW)) + 1]
    return weights / weights.sum()


def similarities(x: Any, y: Any, blur: Callable[[Any], Any], peak: float) -> tuple[Any, Any]:
    """Similarity per window: of luminance, and of contrast and structure.

    Args:
        x: (..., h, w) planes, arrays or tensors.
        y: the same shape.
        blur: planes to their means under the windows.
        peak: value of white.
    """
    c1, c2 = (_K1 * peak) ** 2, (_K2 * peak) ** 2
    mean_x, mean_y = blur(x), blur(y)
    product, squares = mean_x * mean_y, mean_x**2 + mean_y**2
    covariance, variances = blur(x * y) - product, blur(x**2 + y**2) - squares
    return (2 * product + c1) / (squares + c1), (2 * covariance + c2) / (variances + c2)


def halved(planes: Any) -> Any:
    """Means of blocks of 2x2 pixels of planes (..., h, w); a last odd row or column is left out.

    >>> halved(np.array([[1.0, 3.0, 9.0], [5.0, 7.0, 9.0]])).tolist()
    [[4.0]]
    """
    height, width = (side // 2 * 2 for side in planes.shape[-2:])
    even = planes[..., :height, :width]
    above, below = even[..., ::2, :], even[..., 1::2, :]
    return (above[..., ::2] + below[..., ::2] + above[..., 1::2] + below[..., 1::2]) / 4


def _planes(pixels: npt.NDArray[Any]) -> Float64:
    """Planes (C, H, W) in consecutive memory, where windows are read faster."""
    return np.ascontiguousarray(np.moveaxis(pixels, -1, 0), np.float64)


def _blur(planes: Float64) -> Float64:
    """Weighted means under a Gaussian window, at each place where the whole window fits."""
    for axis in (1, 2):
        planes = np.lib.stride_tricks.sliding_window_view(planes, WINDOW, axis) @ WINDOW_WEIGHTS
    return planes
