"""Rate control: the level that a number of bytes allows, or that a quality asks for.

Files grow and pictures become better from level to level, so a level is found by bisection; the
encoder's network runs once for all of them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache, partial
from typing import TypeVar

from aecodec.codec.decoder_codec import DecoderCodec
from aecodec.codec.distortion import LIKENESS, Quality
from aecodec.codec.encoded_picture import Compressed, EncodedPicture
from aecodec.codec.encoder_codec import EncoderCodec
from aecodec.codec_files.file_names import Half
from aecodec.codec_files.spec import CodecSpec
from aecodec.errors import UsageError
from aecodec.format.container import LEVEL_UNITS, MAX_REDUCED_PIXELS, NOT_REDUCED, Header
from aecodec.image_files.colour import in_kept_colours
from aecodec.imaging.picture import Picture

REDUCTIONS = (NOT_REDUCED, 3, 4, 6, 8, 12, 16, 24, 32)
"""Reduction factors in halves; each is tried where the one before gives a level of the lower half,
or none: there fewer pixels may look better than coarser ones."""

T = TypeVar("T")


def within_bytes(
    encoder: EncoderCodec,
    decoder: DecoderCodec,
    picture: Picture,
    max_bytes: int,
    metadata: bool | None = None,
) -> Compressed:
    """Make the best file of at most `max_bytes` bytes.

    Codecs for pictures of any size code fewer pixels where that gives a better picture: the file
    states the original size, and is decoded to it. Of two such files the better is the one with the
    greater :func:`~aecodec.codec.distortion.likeness`.

    Args:
        encoder: encoder of the codec.
        decoder: decoder of the codec. Where its files are absent, only pictures that would not fit
            otherwise are coded at fewer pixels.
        picture: one frame or several.
        max_bytes: most bytes of the whole file.
        metadata: keep ICC profile, EXIF and XMP, which count too; None drops them, and converts
            the colours to sRGB if they have a profile.

    Raises:
        UsageError: no file is small enough.
    """
    header = encoder.header(picture, bool(metadata))
    picture = in_kept_colours(picture, header.metadata)
    quality = cache(partial(_quality, decoder, picture))
    best, smallest = None, math.inf
    for reduction in _reductions(encoder.spec, header):
        encoded = encoder.encode(picture, replace(header, reduction=reduction))
        level = last_where(all_levels(encoder.spec), partial(_fits, encoded, max_bytes))
        if level is None:
            smallest = min(smallest, len(encoded.to_bytes(1)))
            continue
        candidate = encoded.compressed(level)
        if best and quality(candidate) <= quality(best):
            break
        best = candidate
        if level >= len(encoder.spec.levels) / 2:
            break
    if best is None:
        raise UsageError(
            f"no file of {max_bytes} bytes: the smallest that codec {encoder.spec.name} makes of "
            f"this picture has {smallest}; allow more, or reduce the picture"
        )
    return best


def _reductions(spec: CodecSpec, header: Header) -> tuple[int, ...]:
    width, height = header.size or spec.tile[::-1]
    may_be_reduced = spec.receptive_field and width * height * header.frames <= MAX_REDUCED_PIXELS
    return REDUCTIONS if may_be_reduced else (NOT_REDUCED,)


def _fits(encoded: EncodedPicture, max_bytes: int, level: float) -> bool:
    return len(encoded.to_bytes(level)) <= max_bytes


def _quality(decoder: DecoderCodec, picture: Picture, candidate: Compressed) -> float:
    """Likeness of a file's picture to the original; 0 if the decoder's files are absent."""
    if not decoder.folder.has(Half.DECODER.tflite):
        return 0.0
    return LIKENESS.of(decoder, picture, candidate.encoded.header, candidate.dequantized)


def with_quality(
    encoder: EncoderCodec,
    decoder: DecoderCodec,
    picture: Picture,
    quality: Quality,
    least: float,
    metadata: bool | None = None,
) -> Compressed:
    """Make the smallest file whose picture has at least a certain quality.

    Args:
        encoder: encoder of the codec.
        decoder: decoder of the codec.
        picture: one frame or several.
        quality: PSNR, of the mean squared error of all frames, or SSIMULACRA2, their mean.
        least: the least quality.
        metadata: as for :meth:`EncoderCodec.compress`.

    Raises:
        UsageError: no level reaches it, the picture is too small for the measure, or the decoder's
            files are absent.
        AecodecError: the package that measures it is not installed.
    """
    spec = encoder.spec
    if not decoder.folder.has(Half.DECODER.tflite):
        raise UsageError(f"codec {spec.name} has no decoder here to measure pictures with")
    if math.isnan(least):
        raise UsageError("the least quality is nan: give a number")
    header = encoder.header(picture, metadata)
    picture = in_kept_colours(picture, header.metadata)
    encoded = encoder.encode(picture, header)

    def reached(level: float) -> float:
        value = quality.of(decoder, picture, header, encoded.dequantized(level))
        if math.isnan(value):
            raise UsageError(f"the picture is too small for a quality {quality.unit}")
        return value

    levels = all_levels(spec)
    too_low = last_where(levels, lambda level: reached(level) < least)
    if too_low == levels[-1]:
        raise UsageError(
            f"no level gives {least:g} {quality.unit}: the best of codec {spec.name}, {too_low:g}, "
            f"gives {reached(too_low):.2f} {quality.unit} for this picture"
        )
    return encoded.compressed(levels[0 if too_low is None else levels.index(too_low) + 1])


def all_levels(spec: CodecSpec) -> list[float]:
    """All levels of a codec, including those between two, the smallest files first."""
    if not spec.has_gains:
        return [float(number) for number in range(1, len(spec.levels) + 1)]
    units = range(LEVEL_UNITS, len(spec.levels) * LEVEL_UNITS + 1)
    return [unit / LEVEL_UNITS for unit in units]


def last_where(items: Sequence[T], holds: Callable[[T], bool]) -> T | None:
    """Find, by bisection, the last item for which a condition holds.

    Args:
        items: items in an order in which the condition holds for the first ones alone.
        holds: the condition.

    >>> last_where([1, 2, 3, 4], lambda n: n < 3)
    2
    >>> last_where([1, 2], lambda n: n < 1) is None
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
