"""Properties of Keras models that the user states, because the models do not contain them."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from aecodec.errors import UsageError


@dataclass(frozen=True)
class PixelRange:
    """The values of black and white pixels (0 and 255 in 8 bits) in a model."""

    black: float
    white: float

    def __str__(self) -> str:
        return f"{self.black:.4g}..{self.white:.4g}"


UNIT, BYTES, SIGNED = PixelRange(0, 1), PixelRange(0, 255), PixelRange(-1, 1)
PIXEL_RANGES = (UNIT, BYTES, SIGNED, PixelRange(-0.5, 0.5))
"""Common ranges, the most frequent first."""


@dataclass(frozen=True)
class ModelHints:
    """Properties of a pair of models.

    Attributes:
        image_shape: (height, width) or (height, width, channels) of the pictures, for models that
            take flat vectors; None if the encoder takes pictures.
        pixel_ranges: ranges of the encoder's input and of the decoder's output; None to try the
            common ranges.
    """

    image_shape: tuple[int, ...] | None = None
    pixel_ranges: tuple[PixelRange, PixelRange] | None = None


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
