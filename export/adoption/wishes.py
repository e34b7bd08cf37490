"""What a user says about models that cannot say it themselves."""

from __future__ import annotations

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
        return f"{self.black:g}..{self.white:g}"


UNIT, BYTES, SIGNED = PixelRange(0, 1), PixelRange(0, 255), PixelRange(-1, 1)
PIXEL_RANGES = (UNIT, BYTES, SIGNED)


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

    Raises:
        UsageError: the text is another.

    >>> [str(each) for each in parse_pixel_ranges("0..255,-1..1")]
    ['0..255', '-1..1']
    """
    by_name = {str(each): each for each in PIXEL_RANGES}
    names = text.split(",")
    if not set(names) <= set(by_name) or len(names) > 2:
        raise UsageError(
            f"--pixel-range {text}: one of {', '.join(by_name)}, or two with a comma between them, "
            "the encoder's and the decoder's"
        )
    return by_name[names[0]], by_name[names[-1]]
