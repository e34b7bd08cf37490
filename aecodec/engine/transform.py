"""Transforms: a codec's networks as functions from int8 tensors to int8 tensors.

The encoder maps pixels less 128 to latents, and the decoder maps latents to pixels less 128.
"""

from collections.abc import Callable

import numpy as np

from aecodec.arrays import Latents, Pixels

Transform = Callable[[Latents], Latents]
"""A function from a batch of int8 tensors to a batch of int8 tensors."""

_SIGN = np.uint8(0x80)
"""Flipping this bit adds or subtracts 128, the difference between uint8 and int8."""


def to_int8(pixels: Pixels) -> Latents:
    """Convert pixels to the input of an encoder network: pixels less 128."""
    return (pixels ^ _SIGN).view(np.int8)


def to_pixels(outputs: Latents) -> Pixels:
    """Convert the output of a decoder network to pixels.

    >>> to_pixels(to_int8(np.array([0, 255], np.uint8))).tolist()
    [0, 255]
    """
    return outputs.view(np.uint8) ^ _SIGN
