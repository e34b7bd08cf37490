"""What a reconstruction costs and loses."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt


def mse(original: npt.NDArray[Any], reconstructed: npt.NDArray[Any]) -> float:
    """Mean squared error of 8-bit pixels, on the scale 0..255, squared.

    >>> mse(np.array([0, 10], np.uint8), np.array([0, 14], np.uint8))
    8.0
    """
    difference = original.astype(np.float32) - reconstructed.astype(np.float32)
    return float(np.mean(np.square(difference), dtype=np.float64))


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
