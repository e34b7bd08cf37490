"""Transforms: a codec's networks as functions from int8 tensors to int8 tensors.

On the side of the image an int8 value is a pixel less 128; on the side of the code it is a latent.
"""

from collections.abc import Callable

import numpy as np

from aecodec.arrays import Latents, Pixels

Transform = Callable[[Latents], Latents]
"""A batch of int8 tensors to a batch of int8 tensors."""

PIXEL_ZERO = -128
"""The int8 value of a black pixel: int8 = pixel + PIXEL_ZERO."""

PIXEL_SCALE = 1 / 255
"""Scale of the int8 values of pixels: the networks see pixels as 0..1."""

_SIGN = np.uint8(0x80)
"""Flipping this bit adds or subtracts 128, which is the difference between uint8 and int8."""


def to_int8(pixels: Pixels) -> Latents:
    """Pixels as the encoder network takes them: less 128."""
    return (pixels ^ _SIGN).view(np.int8)


def to_pixels(outputs: Latents) -> Pixels:
    """The output of the decoder network as pixels.

    >>> to_pixels(to_int8(np.array([0, 255], np.uint8))).tolist()
    [0, 255]
    """
    return outputs.view(np.uint8) ^ _SIGN
