"""Squared error of pixels, PSNR, and bits per pixel."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

_BLOCK = 1 << 20
"""Pixels that are converted to floats at a time, so that large pictures take little memory."""


def mse(original: npt.NDArray[Any], reconstructed: npt.NDArray[Any]) -> float:
    """Mean squared error of 8-bit pixels.

    Args:
        original: any shape, values 0..255.
        reconstructed: the same shape.

    >>> mse(np.array([0, 10], np.uint8), np.array([0, 14], np.uint8))
    8.0
    """
    pairs = zip(_blocks(original), _blocks(reconstructed), strict=True)
    return sum(_squared_error(*pair) for pair in pairs) / original.size


def _blocks(pixels: npt.NDArray[Any]) -> Iterator[npt.NDArray[Any]]:
    flat = pixels.reshape(-1)
    return (flat[start : start + _BLOCK] for start in range(0, len(flat), _BLOCK))


def _squared_error(original: npt.NDArray[Any], reconstructed: npt.NDArray[Any]) -> float:
    difference = original.astype(np.float32) - reconstructed.astype(np.float32)
    return float(np.square(difference).sum(dtype=np.float64))


def psnr(mean_squared_error: float) -> float:
    """Peak signal-to-noise ratio in dB for a mean squared error of 8-bit pixels.

    >>> round(psnr(65.025), 6), psnr(0.0)
    (30.0, inf)
    """
    return 10 * math.log10(255**2 / mean_squared_error) if mean_squared_error else math.inf


def bits_per_pixel(size: int, width: int, height: int, frames: int = 1) -> float:
    """Bits per pixel of a file of `size` bytes.

    >>> bits_per_pixel(98, 28, 28)
    1.0
    """
    return 8 * size / (width * height * frames)
