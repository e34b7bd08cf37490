"""Finding the values that a pair has for black and white, by which it reproduces pictures best."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from itertools import product
from typing import Any

import keras
import numpy as np

from aecodec.arrays import Float32
from aecodec.errors import AecodecWarning
from aecodec.export.from_keras.hints import INVERTED, PIXEL_RANGES, UNIT, PixelRange

_CLEARLY_BETTER = 0.9
"""Another range than 0..1 is taken if the squared error is smaller by this factor."""

_UNLIKELY = 2.0
"""Factor by which the error must be smaller with inverted pixels: many pairs reproduce them too."""

_FITS = 0.88
"""Pixels may mean something else if a gain and an offset make the error smaller by this factor."""

_FLAT = 1e-9

Run = Callable[[Float32], Float32]


def find_pixel_ranges(run: Run, images: Float32) -> tuple[PixelRange, PixelRange]:
    """The ranges of the encoder's input and the decoder's output with which a pair works best.

    The ranges in use are tried, and pixels less their mean, divided by their deviation. An
    :class:`AecodecWarning` says if the pair works with none, or would with another, and which one
    was found if it is not 0..1, 0..255 or -1..1.

    Args:
        run: the pair, as a function on arrays.
        images: (N, ...) pictures in 0..1.
    """
    ranges = (*PIXEL_RANGES, _standardized(images))
    outputs = {taken: run(to_range(images, taken)).reshape(images.shape) for taken in ranges}
    errors = {
        (taken, given): _error(images, from_range(outputs[taken], given))
        for taken, given in product(ranges, ranges)
    }
    best = min(errors, key=lambda pair: errors[pair] * (_UNLIKELY if INVERTED in pair else 1))
    if errors[best] > images.var():
        _warn(
            "the pair reproduces these pictures in none of the pixel ranges in use: 0..1 is taken; "
            "--pixel-range BLACK..WHITE names another"
        )
        return UNIT, UNIT
    if errors[best] >= _CLEARLY_BETTER * errors[UNIT, UNIT]:
        best = UNIT, UNIT
    _warn_of_better_fit(images, outputs[best[0]], best, errors[best])
    if not {*best} <= {*PIXEL_RANGES[:3]}:
        _warn(
            f"black and white seem to be {best[0]} for the encoder and {best[1]} for the decoder; "
            "--pixel-range states it"
        )
    return best


def _standardized(images: Float32) -> PixelRange:
    """Pixels less the mean of all, divided by their standard deviation."""
    mean, deviation = float(images.mean()), max(float(images.std()), 1e-6)
    return PixelRange(-mean / deviation, (1 - mean) / deviation)


def _warn_of_better_fit(
    images: Float32, outputs: Float32, ranges: tuple[PixelRange, PixelRange], error: float
) -> None:
    """Say if another range of the decoder's output would be much better.

    The pair may have another range, or it may have learned little.
    """
    gain, offset = np.polyfit(outputs.ravel().astype(np.float64), images.ravel(), 1)
    fitted = _error(images, np.asarray(outputs * gain + offset, np.float32))
    if fitted < _FITS * error and abs(gain) > _FLAT:
        better = PixelRange(-offset / gain, (1 - offset) / gain)
        _warn(
            f"pictures would be {10 * np.log10(error / fitted):.1f} dB better if black and white "
            f"were {better} for the decoder, and {ranges[1]} is taken: if they mean that, state it "
            f"by --pixel-range={ranges[0]},{better}"
        )


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


def _warn(message: str) -> None:
    warnings.warn(message, AecodecWarning, stacklevel=3)


def _error(images: Float32, found: Float32) -> float:
    clipped = np.nan_to_num(found.reshape(images.shape)).clip(0, 1)
    return float(np.mean(np.square(clipped - images)))
