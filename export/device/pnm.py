"""Pictures in files that are easy to read on devices: PNM, or samples without a header."""

from __future__ import annotations

import numpy as np

from aecodec.arrays import Pixels


def picture_file(pixels: Pixels, *, has_bands: bool) -> bytes:
    """A picture (H, W, C) as PNM; with bands, only its little-endian samples."""
    if not has_bands:
        return as_pnm(pixels)
    return np.ascontiguousarray(pixels, pixels.dtype.newbyteorder("<")).tobytes()


def as_pnm(pixels: Pixels) -> bytes:
    """A picture (H, W, C) uint8 as a PNM file: PGM (P5) for one channel, PPM (P6) for three.

    >>> as_pnm(np.zeros((1, 2, 1), np.uint8))
    b'P5\\n2 1\\n255\\n\\x00\\x00'
    """
    height, width, channels = pixels.shape
    kind = "P5" if channels == 1 else "P6"
    return f"{kind}\n{width} {height}\n255\n".encode() + np.ascontiguousarray(pixels).tobytes()
