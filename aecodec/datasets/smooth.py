"""Smooth tiles, such as sky: there, the borders of blocks are seen first."""

from __future__ import annotations

import numpy as np
from PIL import Image

from aecodec.arrays import Float32
from aecodec.datasets.training_pictures import Array

_FEWEST, _PIXELS_EACH = 3, 8
"""Least number of pixels along a side of what is enlarged, and least pixels that become of each."""

_GRAINS = (0.0, 0.7, 1.5)
"""Standard deviations of the grain, in grey levels of 255."""


def smooth_tile(tile: Array, rng: np.random.Generator) -> Array:
    """A tile reduced to a few pixels and enlarged again, with grain.

    Args:
        tile: (h, w, C) pixels, sides of 24 and up.
        rng: chooses how smooth it becomes, and how much grain it has.

    Returns:
        (h, w, C) in the tile's dtype.

    >>> smooth_tile(np.full((32, 48, 3), 90, np.uint8), np.random.default_rng(0)).shape
    (32, 48, 3)
    """
    side = int(rng.integers(_FEWEST, min(tile.shape[:2]) // _PIXELS_EACH + 1))
    planes = [_enlarged(tile[..., channel], side) for channel in range(tile.shape[-1])]
    is_whole = tile.dtype == np.uint8
    grain = rng.choice(_GRAINS) * rng.standard_normal((*tile.shape[:2], 1))
    largest = 255 if is_whole else 1
    pixels = np.clip(np.stack(planes, -1) + grain * largest / 255, 0, largest)
    return np.asarray(np.rint(pixels) if is_whole else pixels).astype(tile.dtype)


def _enlarged(plane: Array, side: int) -> Float32:
    few = Image.fromarray(plane.astype(np.float32)).resize((side, side), Image.Resampling.BOX)
    return np.asarray(few.resize(plane.shape[::-1], Image.Resampling.BICUBIC))
