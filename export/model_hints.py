"""Properties of Keras models that only the user knows."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from aecodec.base.arrays import Float64
from aecodec.base.errors import UsageError


@dataclass(frozen=True)
class PixelRange:
    """The values of black and white pixels (0 and 255 in 8 bits) in a model.

    A single number applies to all channels; three numbers are in the model's order of channels.
    """

    black: tuple[float, ...]
    white: tuple[float, ...]

    def __str__(self) -> str:
        if len(self.black) == 1:
            return f"{self.black[0]:.4g}..{self.white[0]:.4g}"
        return f"(pixels - ({listed(self.mean)})) / ({listed(self.std)})"

    @property
    def mean(self) -> Float64:
        return np.asarray(-np.array(self.black) * self.std)

    @property
    def std(self) -> Float64:
        return np.asarray(1 / (np.array(self.white) - np.array(self.black)))

    def normalized(self, mean: Sequence[float], std: Sequence[float]) -> PixelRange:
        """The range of values in this range, after a subtraction and a division per channel."""
        ends = ((np.array(end) - mean) / std for end in (self.black, self.white))
        black, white = (tuple(end.tolist()) for end in ends)
        return PixelRange(black, white)


def listed(numbers: Float64) -> str:
    return ",".join(f"{number:.4g}" for number in numbers)


UNIT, BYTES = PixelRange((0.0,), (1.0,)), PixelRange((0.0,), (255.0,))
SIGNED = PixelRange((-1.0,), (1.0,))
NOT_STATED = (None, None)


@dataclass(frozen=True)
class ModelHints:
    """Properties of a pair of models.

    A property that may differ between the encoder's input and the decoder's output is a pair of
    values. None means that aecodec tries the common values.

    Attributes:
        image_shape: (height, width) or (height, width, channels) of the pictures, for models that
            accept flat vectors; None if the encoder accepts pictures.
        pixel_ranges: values of black and white.
        are_bgr: whether blue comes first instead of red.
        are_planar: whether flat vectors of colours contain one channel after the other.
        tile: side in pixels of the calibration crops, for models that accept any size.
        force: whether to write a codec even if it restores the pictures badly.
    """

    image_shape: tuple[int, ...] | None = None
    pixel_ranges: tuple[PixelRange | None, PixelRange | None] = NOT_STATED
    are_bgr: tuple[bool | None, bool | None] = NOT_STATED
    are_planar: tuple[bool | None, bool | None] = NOT_STATED
    tile: int = 64
    force: bool = False


def parse_image_shape(text: str) -> tuple[int, ...]:
    """Parse `WxH` or `WxHxC` to (height, width) or (height, width, channels).

    Raises UsageError for other strings.

    >>> parse_image_shape("32x28"), parse_image_shape("32x28x3")
    ((28, 32), (28, 32, 3))
    """
    match = re.fullmatch(r"([1-9]\d{0,4})x([1-9]\d{0,4})(?:x([13]))?", text)
    if not match:
        raise UsageError(
            f"--image-shape {text}: write width and height, as in 28x28, or 28x28x3 for colour"
        )
    width, height, channels = match.groups()
    return (int(height), int(width), *([int(channels)] if channels else []))


def parse_pixel_ranges(text: str) -> tuple[PixelRange, PixelRange]:
    """Parse `BLACK..WHITE`, or two such ranges with a comma, to the ranges of input and output.

    Raises UsageError for other strings.

    >>> [str(pixel_range) for pixel_range in parse_pixel_ranges("0..255,-1..1")]
    ['0..255', '-1..1']
    """
    ranges = [_finite(part.split("..")) for part in text.split(",")]
    if len(ranges) > 2 or any(len({*ends}) != 2 or len(ends) != 2 for ends in ranges):
        raise UsageError(
            f"--pixel-range {text}: write the values of black and white, as in 0..255, -1..1 or "
            "-0.42..2.82; if encoder and decoder differ, write two ranges separated by a comma"
        )
    first, second = (PixelRange((black,), (white,)) for black, white in (ranges[0], ranges[-1]))
    return first, second


def _finite(texts: list[str]) -> list[float]:
    """The numbers in strings; empty if a number is not finite."""
    try:
        numbers = [float(text) for text in texts]
    except ValueError:
        return []
    return numbers if all(map(math.isfinite, numbers)) else []


def parse_conventions(
    pixel_range: str | None, mean: str | None, std: str | None
) -> tuple[PixelRange | None, PixelRange | None]:
    """The ranges of input and output, with a mean and a standard deviation of the input.

    `mean` and `std` have one number or three, and refer to values in the range. If they are set, a
    single range does not apply to the output. Raises UsageError for other strings.

    >>> parse_conventions("0..1", "0.5", "0.25,0.5,0.5")[0].black
    (-2.0, -1.0, -1.0)
    """
    ranges = parse_pixel_ranges(pixel_range) if pixel_range else (None, None)
    if mean is None and std is None:
        return ranges
    means, deviations = _numbers("--mean", mean or "0"), _numbers("--std", std or "1")
    if 0 in deviations:
        raise UsageError(f"--std {std}: standard deviations must not be 0")
    output = ranges[1] if pixel_range and "," in pixel_range else None
    return (ranges[0] or UNIT).normalized(means, deviations), output


def _numbers(option: str, text: str) -> list[float]:
    numbers = _finite(text.split(","))
    if len(numbers) not in (1, 3):
        raise UsageError(
            f"{option} {text}: write one number, or one for each channel, as in 0.485,0.456,0.406"
        )
    return numbers


def parse_words(option: str, text: str, words: tuple[str, str]) -> tuple[bool, bool]:
    """Whether the words for encoder and decoder are the second of two words; or UsageError.

    >>> parse_words("--channel-order", "bgr,rgb", ("rgb", "bgr"))
    (True, False)
    """
    parts = text.lower().split(",")
    if len(parts) > 2 or not set(parts) <= set(words):
        raise UsageError(
            f"{option} {text}: use {' or '.join(words)}; if encoder and decoder differ, use two "
            "words separated by a comma"
        )
    return parts[0] == words[1], parts[-1] == words[1]
