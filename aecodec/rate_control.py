"""The level that a number of bytes allows, or that a quality asks for.

Files grow and pictures become better from level to level, so a level is found by bisection; the
encoder's network runs once for all of them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache, partial
from typing import TypeVar

import numpy as np

from aecodec import metrics
from aecodec.codec import Codec
from aecodec.container import LEVEL_UNITS, MAX_REDUCED_PIXELS, NOT_REDUCED, Header
from aecodec.encoding import Compressed, Encoding
from aecodec.errors import UsageError
from aecodec.images import Picture
from aecodec.report import squared_errors
from aecodec.spec import DECODER_TFLITE, CodecSpec

REDUCTIONS = (NOT_REDUCED, 3, 4, 6, 8, 12, 16, 24, 32)
"""In halves; each is tried where the one before gives a poor level, or none."""

_POOR = 2.0
"""Below this level fewer pixels may look better than coarser ones."""

T = TypeVar("T")


def within_bytes(
    codec: Codec, picture: Picture, most: int, metadata: bool | None = None
) -> Compressed:
    """The best file of at most so many bytes.

    Codecs of pictures of any size code fewer pixels where that gives a better picture: the
    file says the original size, and is decoded to it.

    Args:
        codec: with both halves, or with the encoder's alone, which then reduces only pictures
            that would not fit otherwise.
        picture: of one frame or several.
        most: bytes of the whole file.
        metadata: keep ICC profile, EXIF and XMP, which count too; left out unless asked for.

    Raises:
        UsageError: there is none.
    """
    header = codec.encoder.header(picture, bool(metadata))
    error = cache(partial(_error, codec, picture))
    best, smallest = None, math.inf
    for reduction in _reductions(codec.spec, header):
        encoding = codec.encoder.encode(picture, replace(header, reduction=reduction))
        level = last(levels_of(codec.spec), partial(_fits, encoding, most))
        if level is None:
            smallest = min(smallest, len(encoding.file(1)))
            continue
        candidate = encoding.compressed(level)
        if best and error(candidate) >= error(best):
            break
        best = candidate
        if level >= _POOR:
            break
    if best is None:
        raise UsageError(
            f"no file of {most} bytes: the smallest that codec {codec.spec.name} makes of this "
            f"picture has {smallest}; allow more, or reduce the picture"
        )
    return best


def _reductions(spec: CodecSpec, header: Header) -> tuple[int, ...]:
    width, height = header.size or spec.tile[::-1]
    may_be_reduced = spec.reach and width * height * header.frames <= MAX_REDUCED_PIXELS
    return REDUCTIONS if may_be_reduced else (NOT_REDUCED,)


def _fits(encoding: Encoding, most: int, level: float) -> bool:
    return len(encoding.file(level)) <= most


def with_psnr(
    codec: Codec, picture: Picture, least: float, metadata: bool | None = None
) -> Compressed:
    """The smallest file whose picture has at least a PSNR.

    Args:
        codec: with both halves.
        picture: of one frame or several.
        least: dB, of the mean squared error of all frames.
        metadata: as `compress` takes it.

    Raises:
        UsageError: no level gives that, or there is no decoder's half to tell.
    """
    if not codec.folder.has(DECODER_TFLITE):
        raise UsageError(f"codec {codec.spec.name} has no decoder here to measure a PSNR with")
    if math.isnan(least):
        raise UsageError("a PSNR is a number of dB")
    encoding = codec.encoder.encode(picture, codec.encoder.header(picture, metadata))

    def psnr(level: float) -> float:
        errors = squared_errors(codec, picture, encoding.header, encoding.kept(level))
        return metrics.psnr(float(np.mean(errors)))

    levels = levels_of(codec.spec)
    too_low = last(levels, lambda level: psnr(level) < least)
    if too_low == levels[-1]:
        raise UsageError(
            f"no level gives {least:g} dB: the best of codec {codec.spec.name}, {too_low:g}, gives "
            f"{psnr(too_low):.2f} dB of this picture"
        )
    return encoding.compressed(levels[0 if too_low is None else levels.index(too_low) + 1])


def levels_of(spec: CodecSpec) -> list[float]:
    """All levels, and those between where there are gains, the smallest files first."""
    if not spec.has_gains:
        return [float(number) for number in range(1, len(spec.levels) + 1)]
    units = range(LEVEL_UNITS, len(spec.levels) * LEVEL_UNITS + 1)
    return [unit / LEVEL_UNITS for unit in units]


def last(items: Sequence[T], holds: Callable[[T], bool]) -> T | None:
    """The last item for which something holds that holds for the first ones alone.

    >>> last([1, 2, 3, 4], lambda n: n < 3)
    2
    >>> last([1, 2], lambda n: n < 1) is None
    True
    """
    low, high = 0, len(items)
    while low < high:
        middle = (low + high) // 2
        if holds(items[middle]):
            low = middle + 1
        else:
            high = middle
    return items[low - 1] if low else None


def _error(codec: Codec, picture: Picture, candidate: Compressed) -> float:
    """Squared error of what a file decodes to; 0 if there is no decoder to tell."""
    return sum(squared_errors(codec, picture, candidate.encoding.header, candidate.kept))
