"""From quantized latents to pixels, in integers."""

import numpy as np

from aecodec.base.arrays import Float64, Int64, Pixels
from aecodec.preview.tables import SIDE, tables

COLOURS = np.array([[2365, 2365, 2365], [2896, 0, -2896], [-1672, 3344, -1672]], np.int64)
"""Luma, red against blue, and green against both, as sums of RGB in 2^-12."""

_MOST_COEFFICIENT = 1 << 17


def synthesize(codes: Int64, level: int) -> Pixels:
    """Compute the pixels (32, 32, 3) of quantized latents (400,)."""
    return decoded(codes, level)[1]


def decoded(codes: Int64, level: int) -> tuple[Int64, Pixels]:
    """Compute the pixels (32, 32, 3) before and after the filter."""
    pixels = _pixels(dequantize(codes, level))
    return pixels, _filter(pixels, level)


def dequantize(codes: Int64, level: int | Int64) -> Int64:
    """Return the latents, in 1/64, of quantized latents; `level` broadcasts against them."""
    table, magnitudes = tables(), abs(codes)
    centroids = table["centroids"][level, np.minimum(magnitudes, 3)]
    return np.sign(codes) * (64 * magnitudes + centroids) * table["steps"][level]


def _pixels(latents: Int64) -> Int64:
    """Return pixels (32, 32, 3), 0 to 255, before the filter."""
    table = tables()
    coefficients = table["means"] + ((latents @ table["transform"]).astype(np.int64) >> 9)
    grid = np.zeros((3, 20, 20), np.int64)
    grid[tuple(table["positions"].T)] = coefficients.clip(-_MOST_COEFFICIENT, _MOST_COEFFICIENT)
    rows = (grid @ table["cosines"] + (1 << 11)) >> 12
    planes = (table["cosines"].T @ rows + (1 << 11)) >> 12
    pixels = np.einsum("kyx,kc->yxc", planes, COLOURS)
    return (((pixels + (1 << 19)) >> 20) + 128).clip(0, 255)


def _filter(pixels: Int64, level: int) -> Pixels:
    """Add the details that a small convolutional network predicts."""
    table, half = tables(), SIDE // 2
    cells = (pixels - 128).reshape(half, 2, half, 2, 3).transpose(0, 2, 1, 3, 4)
    grid = cells.reshape(half, half, 12)
    grid = (_convolved(grid, table["first"], table["first_bias"][level]) >> 7).clip(0, 255)
    grid = (_convolved(grid, table["second"], table["second_bias"]) >> 6).clip(0, 255)
    grid = (_convolved(grid, table["third"], table["third_bias"]) >> 6).clip(0, 255)
    grid = (_convolved(grid, table["last"], table["last_bias"]) + 32) >> 6
    cells = grid.reshape(half, half, 2, 2, 3).transpose(0, 2, 1, 3, 4)
    return (pixels + cells.reshape(pixels.shape)).clip(0, 255).astype(np.uint8)


def _convolved(grid: Int64, weights: Float64, bias: Int64) -> Int64:
    """Convolve a grid (16, 16, C), padded with zeros, with weights (D, 3, 3, C)."""
    padded = np.pad(grid, ((1, 1), (1, 1), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), (0, 1))
    return np.tensordot(windows, weights, ((3, 4, 2), (1, 2, 3))).astype(np.int64) + bias
