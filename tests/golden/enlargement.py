"""The enlargement of section 2 of the format, number by number and without Pillow.

A golden file must notice a decoder that truncates the weights, and Pillow offers no way to do that.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

_UNITS = 1 << 22


def enlarged(
    plane: np.ndarray, size: tuple[int, int], to_integer: Callable[[float], int]
) -> np.ndarray:
    """Enlarge one channel (H, W) uint8 to (width, height).

    Args:
        plane: the channel.
        size: (width, height) of the result.
        to_integer: turns a weight, in units of 2^-22, into an integer.
    """
    wide = _rows_to(plane, size[0], to_integer)
    return _rows_to(wide.T, size[1], to_integer).T


def nearest(weight: float) -> int:
    """The nearest integer, ties away from zero, as the format has it."""
    return int(math.copysign(math.floor(abs(weight) + 0.5), weight))


def _rows_to(plane: np.ndarray, side: int, to_integer: Callable[[float], int]) -> np.ndarray:
    if plane.shape[1] == side:
        return plane
    columns = [_pixel(plane, n, plane.shape[1] / side, to_integer) for n in range(side)]
    return np.stack(columns, axis=1)


def _pixel(
    plane: np.ndarray, n: int, scale: float, to_integer: Callable[[float], int]
) -> np.ndarray:
    """Pixel n of every row."""
    centre = (n + 0.5) * scale
    near = [m for m in range(plane.shape[1]) if abs(m + 0.5 - centre) < 2]
    weights = [_catmull_rom(abs(m + 0.5 - centre)) for m in near]
    integers = [to_integer(each / sum(weights) * _UNITS) for each in weights]
    return ((plane[:, near] @ np.array(integers) + _UNITS // 2) >> 22).clip(0, 255).astype(np.uint8)


def _catmull_rom(x: float) -> float:
    if x <= 1:
        return 1.5 * x**3 - 2.5 * x**2 + 1
    return -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2
