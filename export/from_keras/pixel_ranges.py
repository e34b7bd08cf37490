"""Finding the pixel ranges with which a pair reproduces pictures best."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from itertools import product
from typing import Any

import keras
import numpy as np

from aecodec.arrays import Float32
from aecodec.errors import AecodecWarning
from aecodec.export.model_hints import INVERTED, PIXEL_RANGES, UNIT, PixelRange

_CLEARLY_BETTER = 0.9
"""A range other than 0..1 is chosen if it reduces the squared error by this factor."""

_UNLIKELY = 2.0
"""Penalty factor on the error of inverted pixels, which many pairs reproduce almost as well."""

_FITS = 0.88
"""Warn of another range if a gain and an offset reduce the error of pixels by this factor."""

_FLAT = 1e-9

Run = Callable[[Float32], Float32]


def find_pixel_ranges(run: Run, images: Float32) -> tuple[PixelRange, PixelRange]:
    """The ranges of the encoder's input and the decoder's output with the least squared error.

    The common ranges are tried, and the standardized range (mean 0, deviation 1). An
    :class:`AecodecWarning` is issued if no range works, if another range would be better, or if the
    chosen range is not 0..1, 0..255 or -1..1.

    Args:
        run: the pair, as a function from images to decoded images.
        images: (N, ...) pictures in 0..1.

    Returns:
        The range of the input and the range of the output.
    """
    ranges = (*PIXEL_RANGES, _standardized(images))
    outputs = {entry: run(to_range(images, entry)).reshape(images.shape) for entry in ranges}
    errors = {
        (entry, exit_): _error(images, from_range(outputs[entry], exit_))
        for entry, exit_ in product(ranges, ranges)
    }
    best = min(errors, key=lambda pair: errors[pair] * (_UNLIKELY if INVERTED in pair else 1))
    if errors[best] > images.var():
        _warn(
            "the pair reproduces these pictures with none of the common pixel ranges: using 0..1; "
            "give another range with --pixel-range BLACK..WHITE"
        )
        return UNIT, UNIT
    if errors[best] >= _CLEARLY_BETTER * errors[UNIT, UNIT]:
        best = UNIT, UNIT
    _warn_of_better_fit(images, outputs[best[0]], best, errors[best])
    if not {*best} <= {*PIXEL_RANGES[:3]}:
        _warn(
            f"black and white seem to be {best[0]} for the encoder and {best[1]} for the decoder; "
            "use --pixel-range to confirm or change them"
        )
    return best


def _standardized(images: Float32) -> PixelRange:
    """The range of pixels minus their mean, divided by their standard deviation."""
    mean, deviation = float(images.mean()), max(float(images.std()), 1e-6)
    return PixelRange(-mean / deviation, (1 - mean) / deviation)


def _warn_of_better_fit(
    images: Float32, outputs: Float32, ranges: tuple[PixelRange, PixelRange], error: float
) -> None:
    """Warn if another range of the decoder's output would be much better.

    Either the pair uses another range, or it has learned little.
    """
    gain, offset = np.polyfit(outputs.ravel().astype(np.float64), images.ravel(), 1)
    fitted = _error(images, np.asarray(outputs * gain + offset, np.float32))
    if fitted < _FITS * error and abs(gain) > _FLAT:
        better = PixelRange(-offset / gain, (1 - offset) / gain)
        _warn(
            f"pictures would be {10 * np.log10(error / fitted):.1f} dB better if black and white "
            f"were {better} for the decoder instead of {ranges[1]}: if that is its range, use "
            f"--pixel-range={ranges[0]},{better}"
        )


def to_range(images: Any, target: PixelRange) -> Any:
    """Scale pixels in 0..1 to the range of a model."""
    return images * np.float32(target.white - target.black) + np.float32(target.black)


def from_range(outputs: Any, source: PixelRange) -> Any:
    """Scale pixels in the range of a model to 0..1."""
    return (outputs - np.float32(source.black)) / np.float32(source.white - source.black)


def layer_to_range(target: PixelRange, name: str) -> Any:
    """:func:`to_range` as a Keras layer with this name."""
    return keras.layers.Rescaling(target.white - target.black, target.black, name=name)


def layer_from_range(source: PixelRange, name: str) -> Any:
    """:func:`from_range` as a Keras layer with this name."""
    scale = 1 / (source.white - source.black)
    return keras.layers.Rescaling(scale, -source.black * scale, name=name)


def _warn(message: str) -> None:
    warnings.warn(message, AecodecWarning, stacklevel=3)


def _error(images: Float32, decoded: Float32) -> float:
    clipped = np.nan_to_num(decoded.reshape(images.shape)).clip(0, 1)
    return float(np.mean(np.square(clipped - images)))
