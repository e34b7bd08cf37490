"""Pictures as files that programs on devices read easily: PNM, or samples without a header."""

from __future__ import annotations

import numpy as np

from aecodec.arrays import Pixels


def picture_file(pixels: Pixels, *, has_bands: bool) -> bytes:
    """The file of a picture (H, W, C): PNM, or with bands the little-endian samples alone."""
    if not has_bands:
        return as_pnm(pixels)
    return np.ascontiguousarray(pixels, pixels.dtype.newbyteorder("<")).tobytes()


def as_pnm(pixels: Pixels) -> bytes:
    """A picture as a PNM file: PGM (P5) if it is grey, else PPM (P6).

    Args:
        pixels: (H, W, C) uint8; C is 1 (grey) or 3 (RGB).

    >>> as_pnm(np.zeros((1, 2, 1), np.uint8))
    b'P5\\n2 1\\n255\\n\\x00\\x00'
    """
    height, width, channels = pixels.shape
    kind = "P5" if channels == 1 else "P6"
    return f"{kind}\n{width} {height}\n255\n".encode() + np.ascontiguousarray(pixels).tobytes()
