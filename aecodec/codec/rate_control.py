"""Rate control: the best file within a size limit, or the lowest level for a quality.

The library finds the level for a size limit. Quality increases from level to level, so bisection
finds the level for a quality. The network runs once for each number of pixels.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from functools import cache, partial

from aecodec.base.arrays import Float64
from aecodec.base.errors import UsageError
from aecodec.codec.acceptance import limits_in
from aecodec.codec.decoder_codec import DecoderCodec
from aecodec.codec.distortion import PSNR, SSIMULACRA2, Quality
from aecodec.codec.encoder_codec import EncoderCodec
from aecodec.codec.refinement import within_error
from aecodec.codec.target import Compressed, Target
from aecodec.codec_files.file_names import Half
from aecodec.codec_files.spec import CodecSpec
from aecodec.format.container import LARGE_PICTURE, LEVEL_UNITS, MAX_REDUCED_PIXELS, NOT_REDUCED
from aecodec.format.limits import UNLIMITED
from aecodec.imaging.picture import Picture
from aecodec.native.writing import Encoding

REDUCTIONS = (NOT_REDUCED, 3, 4, 6, 8, 12, 16, 24, 32)
"""Reduction factors in halves. The next one is tried if a factor only reaches a level in the lower
half or the picture is large: fewer pixels may need fewer bytes than coarser pixels."""

_ERRORS_OF_PIXELS: tuple[float | str, ...] = 48, 32, 24, 16, 12, 8, 6, 5, 4, 3, 2, 1, 0
_ERRORS_OF_SAMPLES: tuple[float | str, ...] = *(f"{100 / 2**n:g}%" for n in range(3, 24)), 0
"""Maximum errors beyond the last level, the coarsest first."""

_MOST_BYTES = 1 << 40


def reach(
    encoder: EncoderCodec, picture: Picture, target: Target, metadata: bool | None = None
) -> Compressed:
    """Make a file within a size limit or with a quality; UsageError if no level does this."""
    if target.max_bytes is not None:
        return within_bytes(encoder, picture, target.max_bytes, metadata)
    if target.min_psnr is not None:
        return with_quality(encoder, picture, PSNR, target.min_psnr, metadata)
    assert target.min_ssimulacra2 is not None
    return with_quality(encoder, picture, SSIMULACRA2, target.min_ssimulacra2, metadata)


def within_bytes(
    encoder: EncoderCodec, picture: Picture, max_bytes: float, metadata: bool | None = None
) -> Compressed:
    """Make the best file with at most `max_bytes` bytes, including ICC profile, EXIF and XMP.

    Codecs for pictures of any size shrink the picture before coding if that makes it better or,
    without a decoder network, if no file fits otherwise; decoding restores the size. By default,
    metadata is dropped, and colours become sRGB. UsageError if no file is small enough.
    """
    original = encoder.original(picture, bool(metadata))
    data, compressed = encoder.make(original, max_bytes=int(max(1, min(max_bytes, _MOST_BYTES))))
    if not data:
        raise UsageError(
            f"{max_bytes} bytes are too few: codec {encoder.spec.name} needs at least "
            f"{compressed.size} for this picture; allow more bytes, or use a smaller picture"
        )
    return Compressed(data, compressed.level, compressed.reduction)


def _reductions(spec: CodecSpec, picture: Picture) -> tuple[int, ...]:
    is_plain = spec.receptive_field and not spec.bands
    may_be_reduced = is_plain and math.prod(picture.pixels.shape[:3]) <= MAX_REDUCED_PIXELS
    return REDUCTIONS if may_be_reduced else (NOT_REDUCED,)


def with_quality(
    encoder: EncoderCodec,
    picture: Picture,
    quality: Quality,
    minimum: float,
    metadata: bool | None = None,
) -> Compressed:
    """Make the smallest file whose picture reaches a minimum quality over all frames.

    Codecs for pictures of any size shrink the picture before coding if that saves bytes. If no
    level reaches the quality, the file has the largest maximum error that reaches it. Raises
    UsageError if no file reaches it, the picture is too small, or the codec has no decoder network.
    """
    spec = encoder.spec
    if not encoder.folder.has(Half.DECODER):
        raise UsageError(f"codec {spec.name} needs a decoder to measure quality: use a full codec")
    if spec.bands and quality is not PSNR:
        raise UsageError("PSNR is the only measure for pictures with bands: use min_psnr")
    original = encoder.original(picture, metadata)
    smallest, levels = None, level_indices(spec)
    for reduction in _reductions(spec, original.picture):
        encoding = encoder.encode(original, reduction)
        limits = None
        if spec.bands:  # only they have limits, which a file states
            limits = limits_in(encoder.folder, original.picture, encoding.file())
        quality_at = cache(partial(_quality_at, original.picture, quality, limits, encoding))
        smaller = _smaller(levels, encoding, smallest)
        if not smaller or (smallest and quality_at(smaller[-1]) < minimum):  # no need to bisect
            break
        place = bisect_left(smaller, minimum, key=quality_at)
        if place == len(smaller):
            break
        level = levels[place]
        smallest = Compressed(encoding.file(level), level, reduction)
        if level > levels[-1] / 2 and not _is_large(original.picture):
            break
    return smallest or _beyond_levels(encoder, original.picture, quality, limits, minimum, metadata)


def _smaller(levels: range, encoding: Encoding, than: Compressed | None) -> range:
    """The levels whose files are smaller than another file; sizes increase from level to level."""
    if not than:
        return levels
    sizes = partial(_size_at, encoding)
    return levels[: bisect_left(levels, len(than.data), key=sizes)]


def _size_at(encoding: Encoding, level_index: int) -> int:
    return len(encoding.file(level_index))


def _is_large(picture: Picture) -> bool:
    return math.prod(picture.pixels.shape[1:3]) >= LARGE_PICTURE


def _beyond_levels(
    encoder: EncoderCodec,
    picture: Picture,
    quality: Quality,
    limits: Float64 | None,
    minimum: float,
    metadata: bool | None,
) -> Compressed:
    """The file with the largest maximum error that reaches a quality; UsageError if none does."""
    decoder = DecoderCodec(encoder.folder, workers=encoder.workers)

    @cache
    def file_within(error: float | str) -> Compressed:
        return within_error(encoder, picture, Target(max_error=error), metadata)

    def quality_of(error: float | str) -> float:
        restored = decoder.decompress_picture(file_within(error).data, UNLIMITED)
        return quality.of(picture, restored.pixels, limits)

    errors = _ERRORS_OF_SAMPLES if picture.is_scientific else _ERRORS_OF_PIXELS
    place = bisect_left(errors, minimum, key=quality_of)
    if place == len(errors):
        raise UsageError(
            f"even a lossless file does not reach {minimum:g} {quality.unit}: use a lower minimum"
        )
    return file_within(errors[place])


def _quality_at(
    picture: Picture, quality: Quality, limits: Float64 | None, encoding: Encoding, level_index: int
) -> float:
    value = quality.of(picture, encoding.decode(level_index).pixels, limits)
    if math.isnan(value):
        raise UsageError(f"the picture is too small for a score {quality.unit}: use min_psnr")
    return value


def level_indices(spec: CodecSpec) -> range:
    """All levels of a codec in sixteenths, including levels between whole ones."""
    step = 1 if spec.has_gains else LEVEL_UNITS
    return range(LEVEL_UNITS, len(spec.levels) * LEVEL_UNITS + 1, step)
