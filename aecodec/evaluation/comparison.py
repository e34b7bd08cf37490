"""Rate and distortion of a file, and whether its picture resembles the training set.

For each level, a codec stores the 99.9 % quantile of the errors of its held-out pictures. With
fewer than 1000 pictures, the quantile is just the largest error, which ordinary pictures exceed:
`photo` was measured on 56 pictures, and one photograph in eight exceeds its quantile, by up to 7.2
times. For these codecs, the content of the picture also counts. In noise, neighbouring pixels are
nearly uncorrelated, and drawings have large areas that are exactly flat. None of 1,314 photographs
has either property.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from aecodec import metrics
from aecodec.base.arrays import Pixels
from aecodec.base.errors import warn
from aecodec.codec.acceptance import limits_in
from aecodec.codec.codec import Codec
from aecodec.codec.distortion import squared_errors
from aecodec.codec.target import Compressed, level_text
from aecodec.codec_files.file_names import Half
from aecodec.format.container import NOT_REDUCED
from aecodec.format.limits import UNLIMITED
from aecodec.image_files.colour import in_kept_colours
from aecodec.imaging.display import middle
from aecodec.imaging.picture import Picture

_OUT_OF_DISTRIBUTION = (
    "codec {name} was not trained on pictures like this one, and reproduces it poorly: choose a "
    "different codec (--codec), train one on similar pictures (aecodec train), or use AVIF, which "
    "is also better for ordinary photographs"
)
_LARGER = "the file has {size} bytes, more than the source ({source_size} bytes): keep the source"

_MEASURABLE = 1000
"""Minimum number of pictures for which the 99.9 % quantile differs from the largest error."""

_OUTLIER_FACTOR = 10.0
"""Multiple of the largest error of few pictures that no ordinary picture reaches."""

_OUTLIER_SHARE = 0.01
"""Maximum share of the frames that may be unlike the training set."""

_LEAST_CORRELATION, _MOST_FLAT = 0.5, 0.5
"""Bounds of natural pictures, for neighbouring pixels."""

_JUDGED_SIDE = 1024
"""Side in pixels of the part in the middle of a picture that is judged."""


class FileComparison(NamedTuple):
    """Comparison of a file with its original picture; sizes are in bytes.

    `level` is None if the file has only refinements, `psnr` is None without a decoder, and
    `bits_per_sample` is None without samples. With `has_limits`, PSNR is relative to the limits of
    the codec, not to the samples. `is_in_distribution`: the errors are like the training set's.
    """

    codec: str
    level: float | None
    size: int
    source_size: int
    raw_size: int
    bpp: float
    bits_per_sample: float | None
    psnr: float | None
    has_limits: bool
    is_in_distribution: bool
    max_error: float | None = None

    @property
    def ratio_to_source(self) -> float:
        return self.source_size / self.size

    @property
    def ratio_to_raw(self) -> float:
        return self.raw_size / self.size

    def as_json(self) -> dict[str, Any]:
        """Values for `--json`; a PSNR that is not finite becomes None."""
        return {
            "codec": self.codec,
            "level": self.level,
            "bytes": self.size,
            "source_bytes": self.source_size,
            "raw_bytes": self.raw_size,
            "ratio_to_source": round(self.ratio_to_source, 3),
            "ratio_to_raw": round(self.ratio_to_raw, 3),
            "bpp": round(self.bpp, 4),
            "bits_per_sample": self.bits_per_sample and round(self.bits_per_sample, 4),
            "psnr": None if self.psnr in (None, math.inf) else round(self.psnr, 2),
            "max_error": self.max_error,
            "familiar": self.is_in_distribution,
        }

    def as_text(self) -> str:
        basis = " relative to the codec's limits" if self.has_limits else ""
        is_shown = self.psnr is not None and self.max_error != 0
        quality = f", {self.psnr:.2f} dB{basis}" if is_shown else ""
        bits = self.bits_per_sample
        rate = f"{self.bpp:.3f} bpp" if bits is None else f"{bits:.3f} bits per sample"
        return (
            f"{self.size} bytes with codec {self.codec}{level_text(self.level, self.max_error)}, "
            f"{_compared(self.ratio_to_source)} the source, {_compared(self.ratio_to_raw)} raw "
            f"pixels, {rate}{quality}"
        )


def _compared(ratio: float) -> str:
    """Describe how a file compares with data that is `ratio` times as large."""
    if 1 / 1.05 < ratio < 1.05:
        return "about as large as"
    return f"{ratio:.1f}x smaller than" if ratio > 1 else f"{1 / ratio:.1f}x larger than"


def compare_file(
    codec: Codec, picture: Picture, compressed: Compressed, source_size: int
) -> FileComparison:
    """Compare a file with its original picture, whose own file has `source_size` bytes.

    Warns if the picture is unlike the training set, or the file is larger than its source.
    """
    errors = _errors(codec, picture, compressed.data)
    resembles_training = _is_in_distribution(codec, picture, compressed, errors)
    if not resembles_training:
        warn(_OUT_OF_DISTRIBUTION.format(name=codec.spec.name))
    size = len(compressed.data)
    bpp = 8 * size / (picture.frames * math.prod(picture.size))
    if size > source_size:
        warn(_LARGER.format(size=size, source_size=source_size))
    return FileComparison(
        codec=codec.spec.name,
        level=compressed.level,
        size=size,
        source_size=source_size,
        raw_size=picture.raw_size,
        bpp=bpp,
        bits_per_sample=None if picture.layout is None else bpp / picture.pixels.shape[-1],
        psnr=metrics.psnr(float(np.mean(errors))) if errors else None,
        has_limits=codec.spec.bands is not None,
        is_in_distribution=resembles_training,
        max_error=compressed.max_error,
    )


def _errors(codec: Codec, picture: Picture, file: bytes) -> list[float]:
    """Mean squared errors of the frames of a file; empty if the codec has no decoder."""
    if not codec.folder.has(Half.DECODER):
        return []
    restored = codec.decoder.decompress_picture(file, UNLIMITED)
    original = in_kept_colours(picture, restored.metadata)
    return squared_errors(original, restored.pixels, limits_in(codec.folder, picture, file))


def _is_in_distribution(
    codec: Codec, picture: Picture, compressed: Compressed, errors: Sequence[float]
) -> bool:
    """Whether 99 % of the frames resemble the codec's training set; True if that is unknown."""
    levels = codec.folder.measured.get("levels")
    if not levels or compressed.level is None or compressed.reduction != NOT_REDUCED:
        return True  # nothing was measured for it
    limit = float(levels[int(compressed.level) - 1]["familiar_mse"])
    is_measured = int(codec.folder.measured.get("pictures", _MEASURABLE)) >= _MEASURABLE
    frames = zip(picture.pixels, errors, strict=False)
    outliers = sum(
        error > limit and (is_measured or error > _OUTLIER_FACTOR * limit or not _is_natural(frame))
        for frame, error in frames
    )
    return outliers <= _OUTLIER_SHARE * len(errors)


def _is_natural(pixels: Pixels) -> bool:
    """Whether a picture (H, W, C) uint8 is neither noise nor a drawing."""
    height, width, _ = pixels.shape
    if height < 2 or width < 2:
        return True
    values = pixels[middle(pixels, _JUDGED_SIDE)].astype(np.float64)
    vertical, horizontal = np.diff(values, axis=0), np.diff(values, axis=1)
    roughness = (np.square(vertical).mean() + np.square(horizontal).mean()) / 2
    is_flat = ((vertical[:, 1:] == 0) & (horizontal[1:] == 0)).all(axis=-1)
    correlation = 1 - roughness / (2 * values.var(axis=(0, 1)).mean() or 1)
    return correlation >= _LEAST_CORRELATION and is_flat.mean() <= _MOST_FLAT
