"""Search for the pixel ranges with which a pair reproduces pictures best."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np

from aecodec.arrays import Float32
from aecodec.errors import warn
from aecodec.export.model_hints import INVERTED, PIXEL_RANGES, UNIT, PixelRange

_CLEARLY_BETTER = 0.9
"""A range other than 0..1 is chosen if it reduces the squared error by this factor."""

_UNLIKELY = 2.0
"""Penalty factor on the error of inverted pixels, which many pairs reproduce almost as well."""

_CLOSE = 0.3
"""Difference in dB up to which two choices are close."""

_FLAT = 1e-9

Run = Callable[[Float32], Float32]

RangePair = tuple[PixelRange, PixelRange]
"""The ranges of the encoder's input and the decoder's output."""


def find_pixel_ranges(run: Run, images: Float32) -> tuple[PixelRange, PixelRange]:
    """The ranges of the encoder's input and the decoder's output with the least squared error.

    The common ranges are tried, and the standardized range (mean 0, deviation 1). An
    :class:`AecodecWarning` names the chosen ranges and the next best, unless 0..1 is clearly the
    best; or it says that no range works. `run` maps images (N, ...) in 0..1 to decoded images.
    """
    ranges = (*PIXEL_RANGES, _standardized(images))
    outputs = {entry: run(to_range(images, entry)).reshape(images.shape) for entry in ranges}
    errors = {
        (entry, exit_): _error(images, from_range(outputs[entry], exit_))
        for entry, exit_ in product(ranges, ranges)
    }
    best = min(errors, key=lambda pair: errors[pair] * (_UNLIKELY if INVERTED in pair else 1))
    if errors[best] > images.var():
        warn(
            "the pair reproduces these pictures with none of the common pixel ranges: using 0..1; "
            "give another range with --pixel-range BLACK..WHITE"
        )
        return UNIT, UNIT
    if errors[best] >= _CLEARLY_BETTER * errors[UNIT, UNIT]:
        best = UNIT, UNIT
    _announce(best, errors)
    return best


def _standardized(images: Float32) -> PixelRange:
    """The range of pixels minus their mean, divided by their standard deviation."""
    mean, deviation = float(images.mean()), max(float(images.std()), 1e-6)
    return PixelRange(-mean / deviation, (1 - mean) / deviation)


def _announce(chosen: RangePair, errors: dict[RangePair, float]) -> None:
    """Name the chosen ranges and the next best, unless 0..1 is clearly the best."""
    rivals = [pair for pair in errors if INVERTED not in pair and pair != chosen]
    rival = min(rivals, key=lambda pair: errors[pair])
    loss = 10 * float(np.log10(errors[chosen] / max(errors[rival], _FLAT)))
    if loss > -_CLOSE or chosen != (UNIT, UNIT):
        comparison = f"{abs(loss):.1f} dB {'better' if loss > 0 else 'worse'}"
        warn(
            f"pixels are taken as {chosen[0]} for the encoder and {chosen[1]} for the decoder; "
            f"pictures would be {comparison} with {rival[0]} and {rival[1]}: if these are the "
            f"ranges of the models, use --pixel-range={rival[0]},{rival[1]}"
        )


def to_range(images: Any, target: PixelRange) -> Any:
    """Scale pixels in 0..1 to the range of a model."""
    return images * np.float32(target.white - target.black) + np.float32(target.black)


def from_range(outputs: Any, source: PixelRange) -> Any:
    """Scale pixels in the range of a model to 0..1."""
    return (outputs - np.float32(source.black)) / np.float32(source.white - source.black)


def _error(images: Float32, decoded: Float32) -> float:
    clipped = np.nan_to_num(decoded.reshape(images.shape)).clip(0, 1)
    return float(np.mean(np.square(clipped - images)))
