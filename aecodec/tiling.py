"""Pictures to tiles and back: pure array work."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]


def grid(size: tuple[int, int], tile: tuple[int, int]) -> tuple[int, int]:
    """How many (rows, columns) of tiles cover a picture.

    Args:
        size: (width, height) of the picture in pixels.
        tile: (height, width) of a tile in pixels.

    >>> grid((57, 28), (28, 28))
    (1, 3)
    """
    return -(-size[1] // tile[0]), -(-size[0] // tile[1])


def split(pixels: Pixels, tile: tuple[int, int]) -> Pixels:
    """Cut pictures into tiles, row by row; the last ones repeat the picture's edge.

    Args:
        pixels: (F, H, W, C).
        tile: (h, w).

    Returns:
        (F * rows * columns, h, w, C).
    """
    frames, height, width, channels = pixels.shape
    rows, columns = grid((width, height), tile)
    parts = covered(pixels, tile).reshape(frames, rows, tile[0], columns, tile[1], channels)
    return parts.transpose(0, 1, 3, 2, 4, 5).reshape(-1, *tile, channels)


def covered(pixels: Pixels, tile: tuple[int, int]) -> Pixels:
    """Pictures continued at their right and lower edges to whole tiles.

    >>> covered(np.zeros((1, 57, 28, 1), np.uint8), (28, 28)).shape
    (1, 84, 28, 1)
    """
    beyond = [(0, -side % each) for side, each in zip(pixels.shape[1:3], tile, strict=True)]
    if not any(more for _, more in beyond):
        return pixels
    return np.pad(pixels, [(0, 0), *beyond, (0, 0)], mode="edge")


def merge(tiles: Pixels, frames: int, size: tuple[int, int]) -> Pixels:
    """Put tiles together and crop what :func:`split` added.

    Args:
        tiles: (F * rows * columns, h, w, C).
        frames: F.
        size: (width, height) of each picture.

    Returns:
        (F, H, W, C).

    >>> picture = np.arange(2 * 5 * 7 * 1, dtype=np.uint8).reshape(2, 5, 7, 1)
    >>> bool((merge(split(picture, (2, 3)), 2, (7, 5)) == picture).all())
    True
    """
    height, width, channels = tiles.shape[1:]
    rows, columns = grid(size, (height, width))
    parts = tiles.reshape(frames, rows, columns, height, width, channels)
    whole = parts.transpose(0, 1, 3, 2, 4, 5)
    whole = whole.reshape(frames, rows * height, columns * width, channels)
    return whole[:, : size[1], : size[0]]


def to_planes(pixels: Pixels, channels: int) -> Pixels:
    """Pictures as pictures of a codec's own channels.

    A grey codec takes the planes of a colour picture one by one; a colour codec sees a grey
    picture in three equal channels.

    Args:
        pixels: (F, H, W, C).
        channels: the codec's, 1 or 3.

    Returns:
        (F, H, W, channels), or (F * C, H, W, 1) for planes one by one.
    """
    if pixels.shape[-1] == channels:
        return pixels
    if channels == 3:
        return np.repeat(pixels, 3, axis=-1)
    frames, height, width, planes = pixels.shape
    return pixels.transpose(0, 3, 1, 2).reshape(frames * planes, height, width, 1)


def from_planes(planes: Pixels, frames: int, channels: int) -> Pixels:
    """What :func:`to_planes` made, back to the pictures' own channels.

    Args:
        planes: what it returned.
        frames: F.
        channels: C.

    Returns:
        (F, H, W, C).
    """
    if planes.shape[-1] == channels:
        return planes
    if planes.shape[-1] == 3:
        sums = planes.sum(axis=-1, keepdims=True, dtype=np.uint16)
        return ((sums + 1) // 3).astype(np.uint8)
    _, height, width, _ = planes.shape
    by_frame = planes.reshape(frames, -1, height, width)
    return np.ascontiguousarray(by_frame.transpose(0, 2, 3, 1))
