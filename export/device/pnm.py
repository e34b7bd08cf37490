"""Pictures as PNM files, a format that programs on devices read easily."""

from __future__ import annotations

import numpy as np

from aecodec.arrays import Pixels


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
