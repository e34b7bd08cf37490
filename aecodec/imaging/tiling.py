"""Cut pictures into tiles, and join tiles to pictures."""

from __future__ import annotations

import numpy as np

from aecodec.arrays import Pixels


def grid_of(size: tuple[int, int], tile: tuple[int, int]) -> tuple[int, int]:
    """Number of (rows, columns) of tiles (height, width) that cover a picture (width, height).

    >>> grid_of((57, 28), (28, 28))
    (1, 3)
    """
    return -(-size[1] // tile[0]), -(-size[0] // tile[1])


def split(pixels: Pixels, tile: tuple[int, int]) -> Pixels:
    """Pad pictures (F, H, W, C) with :func:`pad_to_tiles`, and cut them into tiles row by row.

    Returns (F * rows * columns, h, w, C) for tiles (h, w).
    """
    frames, height, width, channels = pixels.shape
    rows, columns = grid_of((width, height), tile)
    parts = pad_to_tiles(pixels, tile).reshape(frames, rows, tile[0], columns, tile[1], channels)
    return parts.transpose(0, 1, 3, 2, 4, 5).reshape(-1, *tile, channels)


def pad_to_tiles(pixels: Pixels, tile: tuple[int, int]) -> Pixels:
    """Repeat the last row and column of pictures until their sides are multiples of the tile's.

    >>> pad_to_tiles(np.zeros((1, 57, 28, 1), np.uint8), (28, 28)).shape
    (1, 84, 28, 1)
    """
    bottom, right = -pixels.shape[1] % tile[0], -pixels.shape[2] % tile[1]
    if not (bottom or right):
        return pixels
    return np.pad(pixels, [(0, 0), (0, bottom), (0, right), (0, 0)], mode="edge")


def merge(tiles: Pixels, frames: int, size: tuple[int, int]) -> Pixels:
    """Join tiles (F * rows * columns, h, w, C), and crop the padding that :func:`split` added.

    Returns (F, H, W, C) for frames of (width, height) pixels.

    >>> picture = np.arange(2 * 5 * 7 * 1, dtype=np.uint8).reshape(2, 5, 7, 1)
    >>> bool((merge(split(picture, (2, 3)), 2, (7, 5)) == picture).all())
    True
    """
    height, width, channels = tiles.shape[1:]
    rows, columns = grid_of(size, (height, width))
    parts = tiles.reshape(frames, rows, columns, height, width, channels)
    joined = parts.transpose(0, 1, 3, 2, 4, 5)
    joined = joined.reshape(frames, rows * height, columns * width, channels)
    return joined[:, : size[1], : size[0]]
