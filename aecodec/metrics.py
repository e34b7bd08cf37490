"""What a reconstruction costs and loses."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

_BLOCK = 1 << 20


def mse(original: npt.NDArray[Any], reconstructed: npt.NDArray[Any]) -> float:
    """Mean squared error of 8-bit pixels, on the scale 0..255, squared.

    >>> mse(np.array([0, 10], np.uint8), np.array([0, 14], np.uint8))
    8.0
    """
    pairs = zip(_blocks(original), _blocks(reconstructed), strict=True)
    return sum(_squared_error(*pair) for pair in pairs) / original.size


def _blocks(pixels: npt.NDArray[Any]) -> Iterator[npt.NDArray[Any]]:
    """Parts of a bounded size."""
    flat = pixels.reshape(-1)
    return (flat[start : start + _BLOCK] for start in range(0, len(flat), _BLOCK))


def _squared_error(original: npt.NDArray[Any], reconstructed: npt.NDArray[Any]) -> float:
    difference = original.astype(np.float32) - reconstructed.astype(np.float32)
    return float(np.square(difference).sum(dtype=np.float64))


def psnr(mean_squared_error: float) -> float:
    """Peak signal-to-noise ratio in dB of a mean squared error of 8-bit pixels.

    >>> round(psnr(65.025), 6), psnr(0.0)
    (30.0, inf)
    """
    return 10 * math.log10(255**2 / mean_squared_error) if mean_squared_error else math.inf


def bits_per_pixel(size: int, width: int, height: int, frames: int = 1) -> float:
    """Bits a pixel of a file of `size` bytes.

    >>> bits_per_pixel(98, 28, 28)
    1.0
    """
    return 8 * size / (width * height * frames)


def ms_ssim(original: npt.NDArray[Any], reconstructed: npt.NDArray[Any]) -> float:
    """Multi-scale structural similarity of 8-bit pictures, the mean of their channels.

    Z. Wang et al., "Multiscale structural similarity for image quality assessment", 2003. Where
    a picture is too small for five scales, as many as fit are used, their weights in proportion.

    Args:
        original: (H, W, C) uint8, sides of 11 at least.
        reconstructed: the same shape.

    Returns:
        At most 1; NaN for smaller pictures.

    >>> ms_ssim(np.zeros((28, 28, 1), np.uint8), np.zeros((28, 28, 1), np.uint8))
    1.0
    """
    side = min(original.shape[:2])
    if side < _WINDOW:
        return math.nan
    weights = _SCALE_WEIGHTS[: int(math.log2(side / _WINDOW)) + 1]
    pair = [np.moveaxis(each.astype(np.float64), -1, 0) for each in (original, reconstructed)]
    similarity = np.ones(len(pair[0]))
    for number, weight in enumerate(weights / weights.sum(), start=1):
        luminance, contrast = _similarities(*pair)
        factor = luminance * contrast if number == len(weights) else contrast
        similarity *= np.maximum(factor.mean(axis=(1, 2)), 0) ** weight
        pair = [_halved(each) for each in pair]
    return float(similarity.mean())


_WINDOW = 11
_SCALE_WEIGHTS = np.array([0.0448, 0.2856, 0.3001, 0.2363, 0.1333])
_GAUSSIAN = np.exp(-0.5 * (np.arange(_WINDOW) - _WINDOW // 2) ** 2 / 1.5**2)
_C1, _C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2

_Planes = npt.NDArray[np.float64]


def _similarities(x: _Planes, y: _Planes) -> tuple[_Planes, _Planes]:
    """Of (C, H, W) planes, within each window: of luminance, and of contrast and structure."""
    mean_x, mean_y = _blurred(x), _blurred(y)
    product, squares = mean_x * mean_y, mean_x**2 + mean_y**2
    covariance, variances = _blurred(x * y) - product, _blurred(x**2 + y**2) - squares
    return (
        (2 * product + _C1) / (squares + _C1),
        (2 * covariance + _C2) / (variances + _C2),
    )


def _blurred(planes: _Planes) -> _Planes:
    """Means under a Gaussian window, where it fits."""
    weights = _GAUSSIAN / _GAUSSIAN.sum()
    for axis in (1, 2):
        planes = np.lib.stride_tricks.sliding_window_view(planes, _WINDOW, axis) @ weights
    return planes


def _halved(planes: _Planes) -> _Planes:
    """Means of 2x2."""
    even = planes[:, : planes.shape[1] // 2 * 2, : planes.shape[2] // 2 * 2]
    return (even[:, ::2, ::2] + even[:, 1::2, ::2] + even[:, ::2, 1::2] + even[:, 1::2, 1::2]) / 4
