"""Which values a pair has for black and white: found out by trying what it reproduces best."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from itertools import product
from typing import Any

import keras
import numpy as np

from aecodec.arrays import Float32
from aecodec.errors import AecodecWarning
from aecodec.export.adoption.wishes import PIXEL_RANGES, UNIT, PixelRange

_CLEARLY_BETTER = 0.7
"""Another range than 0..1 is taken if the squared error is smaller by this factor."""

Run = Callable[[Float32], Float32]


def find_pixel_ranges(run: Run, images: Float32) -> tuple[PixelRange, PixelRange]:
    """The ranges of the encoder's input and the decoder's output with which a pair works best.

    An :class:`AecodecWarning` says if it works with none.

    Args:
        run: the pair, as a function on arrays.
        images: (N, ...) pictures in 0..1.
    """
    outputs = {taken: run(to_range(images, taken)) for taken in PIXEL_RANGES}
    errors = {
        (taken, given): _error(images, from_range(outputs[taken], given))
        for taken, given in product(PIXEL_RANGES, PIXEL_RANGES)
    }
    best = min(errors, key=lambda pair: errors[pair])
    if errors[best] > images.var():
        warnings.warn(
            "the pair reproduces these pictures in none of the pixel ranges that are common: "
            "0..1 is taken; --pixel-range names another",
            AecodecWarning,
            stacklevel=2,
        )
        return UNIT, UNIT
    return best if errors[best] < _CLEARLY_BETTER * errors[UNIT, UNIT] else (UNIT, UNIT)


def to_range(images: Any, target: PixelRange) -> Any:
    """Pixels in 0..1 as a model of another range takes them."""
    return images * np.float32(target.white - target.black) + np.float32(target.black)


def from_range(outputs: Any, source: PixelRange) -> Any:
    """What a model of another range gives, as pixels in 0..1."""
    return (outputs - np.float32(source.black)) / np.float32(source.white - source.black)


def layer_to_range(target: PixelRange, name: str) -> Any:
    """:func:`to_range` as a Keras layer of this name."""
    return keras.layers.Rescaling(target.white - target.black, target.black, name=name)


def layer_from_range(source: PixelRange, name: str) -> Any:
    """:func:`from_range` as a Keras layer of this name."""
    scale = 1 / (source.white - source.black)
    return keras.layers.Rescaling(scale, -source.black * scale, name=name)


def _error(images: Float32, found: Float32) -> float:
    clipped = np.nan_to_num(found.reshape(images.shape)).clip(0, 1)
    return float(np.mean(np.square(clipped - images)))
