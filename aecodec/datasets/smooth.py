"""Smooth tiles, such as sky, in which the borders of blocks are most visible."""

from __future__ import annotations

import numpy as np
from PIL import Image

from aecodec.arrays import Float32
from aecodec.datasets.training_pictures import Array

_LEAST_SIDE, _LEAST_FACTOR = 3, 8
"""Least side of the reduced tile in pixels, and least factor by which it is enlarged."""

_GRAINS = (0.0, 0.7, 1.5)
"""Standard deviations of the grain, in grey levels of 0..255."""


def smooth_tile(tile: Array, rng: np.random.Generator) -> Array:
    """Reduce a tile (h, w, C) to a few pixels, enlarge it again, and add grain.

    Its sides are at least 24, and its dtype is kept. `rng` selects the smoothness and the grain.

    >>> smooth_tile(np.full((32, 48, 3), 90, np.uint8), np.random.default_rng(0)).shape
    (32, 48, 3)
    """
    side = int(rng.integers(_LEAST_SIDE, min(tile.shape[:2]) // _LEAST_FACTOR + 1))
    planes = [_enlarged(tile[..., channel], side) for channel in range(tile.shape[-1])]
    is_integer = tile.dtype == np.uint8
    grain = rng.choice(_GRAINS) * rng.standard_normal((*tile.shape[:2], 1))
    largest = 255 if is_integer else 1
    pixels = np.clip(np.stack(planes, -1) + grain * largest / 255, 0, largest)
    return np.asarray(np.rint(pixels) if is_integer else pixels).astype(tile.dtype)


def _enlarged(plane: Array, side: int) -> Float32:
    reduced = Image.fromarray(plane.astype(np.float32)).resize((side, side), Image.Resampling.BOX)
    return np.asarray(reduced.resize(plane.shape[::-1], Image.Resampling.BICUBIC))
