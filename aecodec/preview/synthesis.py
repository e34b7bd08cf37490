"""From quantized latents to pixels and back, in integers."""

import numpy as np

from aecodec.base.arrays import Float64, Int64, Pixels
from aecodec.preview.tables import CENTROIDS, COSINES, FREQUENCIES, POSITIONS, SIDE, STEPS, tables

COLOURS = np.array([[2365, 2365, 2365], [2896, 0, -2896], [-1672, 3344, -1672]], np.int64)
"""Luma, red against blue, and green against both, as sums of RGB in 2^-12."""


def analyze(pixels: Pixels) -> Int64:
    """Return the latents (384,), in 1/64, of pixels (32, 32, 3)."""
    planes = np.einsum("yxc,kc->kyx", pixels.astype(np.int64) - 128, COLOURS)
    rows = np.floor((planes @ COSINES.T + (1 << 13)) / (1 << 14))
    grid = np.floor((COSINES @ rows + (1 << 19)) / (1 << 20))
    return grid.astype(np.int64)[POSITIONS]


def dequantize(codes: Int64, level: int | Int64) -> Int64:
    """Return the latents, in 1/64, of quantized latents; `level` broadcasts against them."""
    magnitudes = abs(codes)
    return np.sign(codes) * (64 * magnitudes + CENTROIDS[np.minimum(magnitudes, 3)]) * STEPS[level]


def synthesize(codes: Int64, level: int) -> Pixels:
    """Compute the pixels (32, 32, 3) of quantized latents (384,)."""
    grid = np.zeros((3, FREQUENCIES, FREQUENCIES))
    grid[POSITIONS] = dequantize(codes, level)
    rows = np.floor((grid @ COSINES + (1 << 13)) / (1 << 14))
    planes = np.floor((COSINES.T @ rows + (1 << 11)) / (1 << 12)).astype(np.int64)
    pixels = np.einsum("kyx,kc->yxc", planes, COLOURS)
    return _filter((((pixels + (1 << 19)) >> 20) + 128).clip(0, 255), level)


def _filter(pixels: Int64, level: int) -> Pixels:
    """Add the details that a small convolutional network predicts."""
    table, half = tables(), SIDE // 2
    cells = (pixels - 128).reshape(half, 2, half, 2, 3).transpose(0, 2, 1, 3, 4)
    grid = cells.reshape(half, half, 12).astype(np.float64)
    grid = _convolved(grid, table["first"], table["first_bias"][level]).clip(0, 255)
    for name in ("second", "third"):
        grid = _convolved(grid, table[name], table[f"{name}_bias"]).clip(0, 255)
    grid = _convolved(grid, table["last"], table["last_bias"])
    details = grid.reshape(half, half, 2, 2, 3).transpose(0, 2, 1, 3, 4)
    return (pixels + details.reshape(pixels.shape)).clip(0, 255).astype(np.uint8)


def _convolved(grid: Float64, weights: Float64, bias: Float64) -> Float64:
    """Convolve a grid (16, 16, C), padded with zeros, with weights (D, 3, 3, C) in 1/64."""
    padded = np.pad(grid, ((1, 1), (1, 1), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), (0, 1))
    sums = np.tensordot(windows, weights, ((3, 4, 2), (1, 2, 3)))
    return np.floor((sums + 64 * bias + 32) / 64)
