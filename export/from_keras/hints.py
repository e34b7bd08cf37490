"""What a user says about models that cannot say it themselves."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from aecodec.errors import UsageError


@dataclass(frozen=True)
class PixelRange:
    """The values that a model has for black and for white.

    Attributes:
        black: value of a pixel of 0.
        white: value of a pixel of 255.
    """

    black: float
    white: float

    def __str__(self) -> str:
        return f"{self.black:.4g}..{self.white:.4g}"


UNIT, BYTES, SIGNED = PixelRange(0, 1), PixelRange(0, 255), PixelRange(-1, 1)
CENTRED, INVERTED = PixelRange(-0.5, 0.5), PixelRange(1, 0)
PIXEL_RANGES = (UNIT, BYTES, SIGNED, CENTRED, INVERTED)
"""Ranges in use, the most frequent first."""


@dataclass(frozen=True)
class Wishes:
    """What the models do not say.

    Attributes:
        image_shape: (height, width) or (height, width, channels) of the pictures that flat vectors
            stand for; None if the encoder takes pictures.
        pixel_ranges: ranges of the encoder's input and of the decoder's output; None to find out.
    """

    image_shape: tuple[int, ...] | None = None
    pixel_ranges: tuple[PixelRange, PixelRange] | None = None


def parse_image_shape(text: str) -> tuple[int, ...]:
    """Shape of an image, (height, width) or (height, width, channels), of `WxH` or `WxHxC`.

    Raises:
        UsageError: the text is another.

    >>> parse_image_shape("32x28"), parse_image_shape("32x28x3")
    ((28, 32), (28, 32, 3))
    """
    found = re.fullmatch(r"([1-9]\d{0,4})x([1-9]\d{0,4})(?:x([13]))?", text)
    if not found:
        raise UsageError(
            f"--image-shape {text}: width and height, as in 28x28; 28x28x3 for colours"
        )
    width, height, channels = found.groups()
    return (int(height), int(width), *([int(channels)] if channels else []))


def parse_pixel_ranges(text: str) -> tuple[PixelRange, PixelRange]:
    """Pixel ranges of the encoder's input and the decoder's output, of one range or of two.

    Args:
        text: `BLACK..WHITE`, or two of them with a comma between them.

    Raises:
        UsageError: the text is another.

    >>> [str(each) for each in parse_pixel_ranges("0..255,-1..1")]
    ['0..255', '-1..1']
    """
    ranges = [_parsed_range(text, each) for each in text.split(",")]
    if len(ranges) > 2:
        raise _not_a_range(text)
    return ranges[0], ranges[-1]


def _parsed_range(whole: str, text: str) -> PixelRange:
    try:
        black, white = map(float, text.split(".."))
    except ValueError:
        raise _not_a_range(whole) from None
    if not (math.isfinite(black) and math.isfinite(white) and black != white):
        raise _not_a_range(whole)
    return PixelRange(black, white)


def _not_a_range(text: str) -> UsageError:
    return UsageError(
        f"--pixel-range {text}: the values of black and of white, as in 0..255, -1..1 or "
        "-0.42..2.82; two with a comma where those of the encoder and the decoder differ"
    )
