"""Transforms: a codec's networks as functions from int8 tensors to int8 tensors.

The encoder maps pixels less 128 to latents, and the decoder maps latents to pixels less 128.
"""

import math
from collections.abc import Callable

import numpy as np

from aecodec.arrays import Latents, Pixels
from aecodec.codec_files.file_names import Half
from aecodec.codec_files.spec import CodecSpec
from aecodec.coding.payload import Shape
from aecodec.errors import CodecError

Transform = Callable[[Latents], Latents]
"""A function from a batch of int8 tensors to a batch of int8 tensors."""

PIXEL_ZERO = -128
"""The int8 value of a black pixel: int8 = pixel + PIXEL_ZERO."""

PIXEL_SCALE = 1 / 255
"""Scale of the int8 values of pixels, which are 0..1 for the networks."""

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


def check_shapes(spec: CodecSpec, half: Half, shape_in: Shape, shape_out: Shape) -> None:
    """Check the input and output shapes of a network, without the batch, against its codec.

    For a codec with a receptive field, only the channels are compared. Raises CodecError if the
    shapes differ.
    """
    tile, vectors = (*spec.tile, spec.network_channels), (spec.vectors, spec.latent_channels)
    stated = (tile, vectors) if half is Half.ENCODER else (vectors, tile)
    axes = slice(-1, None) if spec.receptive_field else slice(None)
    for shape, expected in zip((shape_in, shape_out), stated, strict=True):
        if math.prod(shape[axes]) != math.prod(expected[axes]):
            raise CodecError(
                f"the model has an input or output of shape {shape}, its codec {expected}"
            )
