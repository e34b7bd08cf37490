"""Fewer pixels for fewer bytes: a picture is coded smaller, and enlarged when it is decoded."""

from __future__ import annotations

import math

import numpy as np
from PIL import Image

from aecodec.container import NOT_REDUCED
from aecodec.images import Pixels

Size = tuple[int, int]
"""(width, height)."""


def reduced_size(size: Size, reduction: int) -> Size:
    """What a picture of a size is coded at.

    Args:
        size: of the picture.
        reduction: in halves: 3 makes sides 1.5 times smaller.

    >>> reduced_size((100, 1), 3)
    (67, 1)
    """
    width, height = (math.ceil(side * NOT_REDUCED / reduction) for side in size)
    return width, height


def resized(pixels: Pixels, size: Size) -> Pixels:
    """Pictures (F, H, W, C) at another size: averaged where smaller, interpolated where larger.

    Both by a cubic filter (Catmull-Rom), stretched where pixels become fewer.
    """
    if pixels.shape[2:0:-1] == size:
        return pixels
    frames, _, _, channels = pixels.shape
    result = np.empty((frames, size[1], size[0], channels), np.uint8)
    for frame, channel in np.ndindex(frames, channels):
        plane = Image.fromarray(np.ascontiguousarray(pixels[frame, ..., channel]))
        result[frame, ..., channel] = np.asarray(plane.resize(size, Image.Resampling.BICUBIC))
    return result
