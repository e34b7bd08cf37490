"""Convert pictures to the number of channels of a codec, and back."""

from __future__ import annotations

import numpy as np

from aecodec.arrays import Pixels


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


def from_planes(planes: Pixels, frames: int, channels: int) -> Pixels:
    """Undo :func:`to_planes`; a grey picture becomes the mean of the codec's three channels.

    Returns (F, H, W, C) uint8.
    """
    if planes.shape[-1] == channels:
        return planes
    if planes.shape[-1] == 3:
        sums = planes.sum(axis=-1, keepdims=True, dtype=np.uint16)
        return ((sums + 1) // 3).astype(np.uint8)
    _, height, width, _ = planes.shape
    by_frame = planes.reshape(frames, -1, height, width)
    return np.ascontiguousarray(by_frame.transpose(0, 2, 3, 1))
