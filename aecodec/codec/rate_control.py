"""Rate control: find the best level for a number of bytes, or the lowest level for a quality.

Size and quality increase from level to level, so bisection finds the level. The encoder's network
runs once for each number of pixels. The rule for bytes is also in `c/library/compression.c`, and in
`web/src/jobs.js`, which fetches the tables of one level at a time.
"""

import math
from bisect import bisect_left
from collections.abc import Callable, Sequence
from functools import cache, partial
from typing import TypeVar

from aecodec.codec.decoder_codec import DecoderCodec
from aecodec.codec.distortion import MS_SSIM, PSNR, SSIMULACRA2, Quality
from aecodec.codec.encoded_picture import Compressed, EncodedPicture
from aecodec.codec.encoder_codec import EncoderCodec
from aecodec.codec.target import Target
from aecodec.codec_files.file_names import Half
from aecodec.codec_files.spec import CodecSpec
from aecodec.errors import UsageError
from aecodec.format.bare import BARE_SAVING
from aecodec.format.container import LEVEL_UNITS, MAX_REDUCED_PIXELS, NOT_REDUCED, Header
from aecodec.image_files.colour import in_kept_colours
from aecodec.imaging.picture import Picture

REDUCTIONS = (NOT_REDUCED, 3, 4, 6, 8, 12, 16, 24, 32)
"""Reduction factors in halves. The next factor is tried if a factor gives only a level in the lower
half, or none: fewer pixels may then look better than coarser pixels, or take fewer bytes."""

T = TypeVar("T")


def reach(
    encoder: EncoderCodec,
    decoder: DecoderCodec,
    picture: Picture,
    target: Target,
    metadata: bool | None = None,
) -> Compressed:
    """Make a file that reaches a number of bytes or a quality; see :class:`Target`.

    Raises UsageError if no level of the codec reaches the target, and AecodecError if the package
    that measures the quality is not installed.
    """
    if target.max_bytes is not None:
        return within_bytes(encoder, decoder, picture, target.max_bytes, metadata)
    if target.max_bare_bytes is not None:
        most = target.max_bare_bytes
        return within_bytes(encoder, decoder, picture, most, metadata, BARE_SAVING)
    if target.min_psnr is not None:
        return with_quality(encoder, decoder, picture, PSNR, target.min_psnr, metadata)
    assert target.min_ssimulacra2 is not None
    return with_quality(encoder, decoder, picture, SSIMULACRA2, target.min_ssimulacra2, metadata)


def within_bytes(
    encoder: EncoderCodec,
    decoder: DecoderCodec,
    picture: Picture,
    max_bytes: int,
    metadata: bool | None = None,
    saving: int = 0,
) -> Compressed:
    """Make the best file with at most `max_bytes` bytes, not counting `saving` bytes of a file.

    Codecs for pictures of any size code fewer pixels if that makes a better picture. The file
    states the original size, and decoding restores it. :func:`~aecodec.codec.distortion.ms_ssim`
    decides which of two files is better. If the codec file lacks the decoder, pictures are coded
    with fewer pixels only if they would not fit otherwise.

    The size includes ICC profile, EXIF and XMP. If `metadata` is None, they are dropped, and pixels
    with a colour profile are converted to sRGB. Raises UsageError if no file is small enough.
    """
    header = encoder.header(picture, bool(metadata))
    picture = in_kept_colours(picture, header.metadata)
    quality = cache(partial(_quality, decoder, picture))
    best, smallest = None, math.inf
    for reduction in _reductions(encoder.spec, header):
        encoded = encoder.encode(picture, header._replace(reduction=reduction))
        level = last_where(all_levels(encoder.spec), partial(_fits, encoded, max_bytes + saving))
        if level is None:
            smallest = min(smallest, len(encoded.to_bytes(1)) - saving)
            continue
        candidate = encoded.compressed(level)
        if best and quality(candidate) <= quality(best):
            break
        best = candidate
        if level >= len(encoder.spec.levels) / 2:
            break
    if best is None:
        unit = "bytes of a bare payload without checksum" if saving else "bytes"
        raise UsageError(
            f"{max_bytes} {unit} are too few: codec {encoder.spec.name} needs at least {smallest} "
            "for this picture; allow more bytes, or reduce the picture"
        )
    return best


def _reductions(spec: CodecSpec, header: Header) -> tuple[int, ...]:
    width, height = header.size or spec.tile[::-1]
    is_plain = spec.receptive_field and not spec.bands
    may_be_reduced = is_plain and width * height * header.frames <= MAX_REDUCED_PIXELS
    return REDUCTIONS if may_be_reduced else (NOT_REDUCED,)


def _fits(encoded: EncodedPicture, max_bytes: int, level: float) -> bool:
    return len(encoded.to_bytes(level)) <= max_bytes


def _quality(decoder: DecoderCodec, picture: Picture, candidate: Compressed) -> float:
    """MS-SSIM of a file's picture; 0 if the codec file lacks the decoder."""
    if not decoder.folder.has(Half.DECODER):
        return 0.0
    return MS_SSIM.of(decoder, picture, candidate.encoded.header, candidate.dequantized)


def with_quality(
    encoder: EncoderCodec,
    decoder: DecoderCodec,
    picture: Picture,
    quality: Quality,
    minimum: float,
    metadata: bool | None = None,
) -> Compressed:
    """Make the smallest file whose picture reaches a minimum quality over all frames.

    Codecs for pictures of any size code fewer pixels if that makes a smaller file.

    Raises UsageError if no level reaches it, the picture is too small for the measure, or the
    codec file lacks the decoder, and AecodecError if the package that measures it is not installed.
    """
    spec = encoder.spec
    if not decoder.folder.has(Half.DECODER):
        raise UsageError(
            f"{decoder.folder.file}: without the decoder, which is needed to measure pictures"
        )
    if spec.bands and quality is not PSNR:
        raise UsageError("the quality of pictures with bands is measured by PSNR: give min_psnr")
    header = encoder.header(picture, metadata)
    picture = in_kept_colours(picture, header.metadata)
    smallest = None
    for reduction in _reductions(spec, header):
        encoded = encoder.encode(picture, header._replace(reduction=reduction))
        quality_at = cache(partial(_quality_at, decoder, picture, quality, encoded))
        level = _lowest_level(spec, quality_at, minimum)
        if level is None:
            break
        candidate = encoded.compressed(level)
        if smallest and len(candidate.data) >= len(smallest.data):
            break
        smallest = candidate
        if level > len(spec.levels) / 2:
            break
    if smallest is None:
        best = len(spec.levels)
        raise UsageError(
            f"no level reaches {minimum:g} {quality.unit}: level {best}, the best of codec "
            f"{spec.name}, reaches {quality_at(best):.2f} {quality.unit} for this picture"
        )
    return smallest


def _quality_at(
    decoder: DecoderCodec, picture: Picture, quality: Quality, encoded: EncodedPicture, level: float
) -> float:
    value = quality.of(decoder, picture, encoded.header, encoded.dequantized(level))
    if math.isnan(value):
        raise UsageError(f"the picture is too small for a quality {quality.unit}")
    return value


def _lowest_level(
    spec: CodecSpec, quality_at: Callable[[float], float], minimum: float
) -> float | None:
    """The lowest level whose quality is at least a minimum; None if no level reaches it."""
    levels = all_levels(spec)
    place = bisect_left(levels, minimum, key=quality_at)
    return levels[place] if place < len(levels) else None


def all_levels(spec: CodecSpec) -> list[float]:
    """All levels of a codec, including levels between whole ones, in ascending order."""
    step = 1 if spec.has_gains else LEVEL_UNITS
    indices = range(LEVEL_UNITS, len(spec.levels) * LEVEL_UNITS + 1, step)
    return [index / LEVEL_UNITS for index in indices]


def last_where(items: Sequence[T], holds: Callable[[T], bool]) -> T | None:
    """Find by bisection the last item for which a condition holds; None if there is none.

    The condition must hold for all items up to some place, and for none after it.

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
