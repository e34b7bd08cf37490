"""Resize pictures: reduced for fewer bytes, and enlarged when decoded."""

from __future__ import annotations

import math

import numpy as np
from PIL import Image

from aecodec.arrays import Pixels
from aecodec.format.container import NOT_REDUCED

Size = tuple[int, int]
"""(width, height) in pixels."""


def reduced_size(size: Size, reduction: int) -> Size:
    """Size of a coded picture; the reduction factor is in halves: 3 makes sides 1.5 times smaller.

    >>> reduced_size((100, 1), 3)
    (67, 1)
    """
    width, height = (math.ceil(side * NOT_REDUCED / reduction) for side in size)
    return width, height


def resize(pixels: Pixels, size: Size) -> Pixels:
    """Resize pictures (F, H, W, C) uint8 to (width, height) with a cubic filter (Catmull-Rom).

    When reducing, the filter is stretched so that it averages pixels.
    """
    if pixels.shape[2:0:-1] == size:
        return pixels
    frames, _, _, channels = pixels.shape
    result = np.empty((frames, size[1], size[0], channels), np.uint8)
    for frame, channel in np.ndindex(frames, channels):
        plane = Image.fromarray(np.ascontiguousarray(pixels[frame, ..., channel]))
        result[frame, ..., channel] = np.asarray(plane.resize(size, Image.Resampling.BICUBIC))
    return result
