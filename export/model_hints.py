"""Properties of Keras models that the models do not contain: stated by the user, or tried."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

from aecodec.arrays import Float32
from aecodec.errors import UsageError, warn


@dataclass(frozen=True)
class PixelRange:
    """The values of black and white pixels (0 and 255 in 8 bits) in a model."""

    black: float
    white: float

    def __str__(self) -> str:
        return f"{self.black:.4g}..{self.white:.4g}"


UNIT, BYTES, SIGNED = PixelRange(0, 1), PixelRange(0, 255), PixelRange(-1, 1)
PIXEL_RANGES = (UNIT, BYTES, SIGNED, PixelRange(-0.5, 0.5))


@dataclass(frozen=True)
class ModelHints:
    """Properties of a pair of models.

    Attributes:
        image_shape: (height, width) or (height, width, channels) of the pictures, for models that
            take flat vectors; None if the encoder takes pictures.
        pixel_ranges: ranges of the encoder's input and of the decoder's output; None to try the
            common ranges.
        tile: side in pixels of the calibration crops, for models that take any size.
    """

    image_shape: tuple[int, ...] | None = None
    pixel_ranges: tuple[PixelRange, PixelRange] | None = None
    tile: int = 64


def parse_image_shape(text: str) -> tuple[int, ...]:
    """Parse `WxH` or `WxHxC` to (height, width) or (height, width, channels).

    Raises UsageError if the text has another form.

    >>> parse_image_shape("32x28"), parse_image_shape("32x28x3")
    ((28, 32), (28, 32, 3))
    """
    match = re.fullmatch(r"([1-9]\d{0,4})x([1-9]\d{0,4})(?:x([13]))?", text)
    if not match:
        raise UsageError(
            f"--image-shape {text}: give width and height as in 28x28, or 28x28x3 for colour"
        )
    width, height, channels = match.groups()
    return (int(height), int(width), *([int(channels)] if channels else []))


def parse_pixel_ranges(text: str) -> tuple[PixelRange, PixelRange]:
    """Parse `BLACK..WHITE`, or two of them separated by a comma, to the ranges of input and output.

    Raises UsageError if the text has another form.

    >>> [str(pixel_range) for pixel_range in parse_pixel_ranges("0..255,-1..1")]
    ['0..255', '-1..1']
    """
    ranges = [_parsed_range(text, part) for part in text.split(",")]
    if len(ranges) > 2:
        raise _not_a_range(text)
    return ranges[0], ranges[-1]


def _parsed_range(option: str, text: str) -> PixelRange:
    try:
        black, white = map(float, text.split(".."))
    except ValueError:
        raise _not_a_range(option) from None
    if not (math.isfinite(black) and math.isfinite(white) and black != white):
        raise _not_a_range(option)
    return PixelRange(black, white)


def _not_a_range(text: str) -> UsageError:
    return UsageError(
        f"--pixel-range {text}: give the values of black and white as in 0..255, -1..1 or "
        "-0.42..2.82; if encoder and decoder differ, give two ranges separated by a comma"
    )


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
        (entry, exit_): _error(images, (outputs[entry] - exit_.black) / (exit_.white - exit_.black))
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
    return images * np.float32(target.white - target.black) + np.float32(target.black)


def _error(images: Float32, decoded: Float32) -> float:
    clipped = np.nan_to_num(decoded.reshape(images.shape)).clip(0, 1)
    return float(np.mean(np.square(clipped - images)))
