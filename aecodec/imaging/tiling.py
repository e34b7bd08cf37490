"""Pictures as the tiles and channels of networks."""

import numpy as np

from aecodec.base.arrays import Pixels


def to_planes(pixels: Pixels, channels: int) -> Pixels:
    """Convert pictures (F, H, W, C) uint8 to the number of channels of a codec, 1 or 3.

    For a grey codec, each channel of a colour picture becomes a picture: (F * C, H, W, 1). For a
    colour codec, a grey picture gets three equal channels.
    """
    if pixels.shape[-1] == channels:
        return pixels
    if channels == 3:
        return np.repeat(pixels, 3, axis=-1)
    frames, height, width, planes = pixels.shape
    return pixels.transpose(0, 3, 1, 2).reshape(frames * planes, height, width, 1)


def grid_of(size: tuple[int, int], tile: tuple[int, int]) -> tuple[int, int]:
    """Number of (rows, columns) of tiles (height, width) that cover a picture (width, height)."""
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
    """Repeat the last row and column of pictures until their sides are multiples of the tile's."""
    bottom, right = -pixels.shape[1] % tile[0], -pixels.shape[2] % tile[1]
    if not (bottom or right):
        return pixels
    return np.pad(pixels, [(0, 0), (0, bottom), (0, right), (0, 0)], mode="edge")
