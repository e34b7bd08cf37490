"""Search for the pixel ranges with which a pair reproduces pictures best."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np

from aecodec.arrays import Float32
from aecodec.errors import warn
from aecodec.export.model_hints import PIXEL_RANGES, UNIT, PixelRange

_CLEARLY_BETTER = 0.9
"""Ranges other than 0..1 are chosen if they reduce the squared error by this factor."""

Run = Callable[[Float32], Float32]


def find_pixel_ranges(run: Run, images: Float32) -> tuple[PixelRange, PixelRange]:
    """The ranges of the encoder's input and the decoder's output with the least squared error.

    The common ranges are tried, and the standardized range (mean 0, deviation 1). An
    :class:`AecodecWarning` names the chosen ranges, unless they are 0..1; or it says that no range
    works. `run` maps images (N, ...) in 0..1 to decoded images.
    """
    ranges = (*PIXEL_RANGES, _standardized(images))
    outputs = {entry: run(to_range(images, entry)).reshape(images.shape) for entry in ranges}
    errors = {
        (entry, exit_): _error(images, from_range(outputs[entry], exit_))
        for entry, exit_ in product(ranges, ranges)
    }
    best = min(errors, key=errors.__getitem__)
    if errors[best] > images.var():
        warn(
            "the pair reproduces these pictures with none of the common pixel ranges: using 0..1; "
            "give another range with --pixel-range BLACK..WHITE"
        )
        return UNIT, UNIT
    if errors[best] >= _CLEARLY_BETTER * errors[UNIT, UNIT]:
        return UNIT, UNIT
    warn(
        f"pixels are taken as {best[0]} for the encoder and {best[1]} for the decoder: if these "
        "are not the ranges of the models, state them with --pixel-range"
    )
    return best


def _standardized(images: Float32) -> PixelRange:
    mean, deviation = float(images.mean()), max(float(images.std()), 1e-6)
    return PixelRange(-mean / deviation, (1 - mean) / deviation)


def to_range(images: Any, target: PixelRange) -> Any:
    """Scale pixels in 0..1 to the range of a model."""
    return images * np.float32(target.white - target.black) + np.float32(target.black)


def from_range(outputs: Any, source: PixelRange) -> Any:
    """Scale pixels in the range of a model to 0..1."""
    return (outputs - np.float32(source.black)) / np.float32(source.white - source.black)


def _error(images: Float32, decoded: Float32) -> float:
    clipped = np.nan_to_num(decoded.reshape(images.shape)).clip(0, 1)
    return float(np.mean(np.square(clipped - images)))
