"""Rate and distortion of one file."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

from aecodec import metrics
from aecodec.codec.codec import Codec
from aecodec.codec.distortion import squared_errors
from aecodec.codec.encoded_picture import Compressed
from aecodec.errors import AecodecWarning, ImageError
from aecodec.evaluation.familiarity import is_familiar
from aecodec.format.container import MetadataKind
from aecodec.format.limits import UNLIMITED
from aecodec.image_files.colour import in_kept_colours
from aecodec.imaging.picture import Picture
from aecodec.imaging.plots import Comparison

_UNFAMILIAR = (
    "the picture is unlike those that codec {name} was trained on, and is reproduced poorly: "
    "name another codec (--codec), or train one on pictures of its kind (aecodec train)"
)
_LARGER = (
    "the file has {size} bytes, more than its source with {source_size}: --skip-larger leaves such "
    "pictures as they are"
)


@dataclass(frozen=True)
class Report:
    """One file compared with the picture that it was made of.

    Attributes:
        codec: name of the codec that made the file.
        level: level of the file, 1 and up.
        size: size of the `.aec` file in bytes.
        source_size: size of the file or files that the picture came from in bytes.
        raw_size: size of the uncompressed pixels in bytes.
        bpp: bits per pixel.
        psnr: PSNR in dB, without alpha; None if the codec has no decoder.
        is_familiar: whether the frames look like pictures of the training set, by their errors.
    """

    codec: str
    level: float
    size: int
    source_size: int
    raw_size: int
    bpp: float
    psnr: float | None
    is_familiar: bool

    @property
    def ratio_to_source(self) -> float:
        """Size of the source divided by the size of the file."""
        return self.source_size / self.size

    @property
    def ratio_to_raw(self) -> float:
        """Size of the uncompressed pixels divided by the size of the file."""
        return self.raw_size / self.size

    @property
    def is_larger(self) -> bool:
        """Whether the file is larger than its source."""
        return self.size > self.source_size

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
            "psnr": None if self.psnr in (None, math.inf) else round(self.psnr, 2),
            "familiar": self.is_familiar,
        }

    def as_text(self) -> str:
        """One line of text for the terminal."""
        quality = "" if self.psnr is None else f", {self.psnr:.2f} dB"
        return (
            f"{self.size} bytes by {self.codec} at level {self.level:g}, "
            f"{_compared(self.ratio_to_source)} the source, "
            f"{_compared(self.ratio_to_raw)} raw pixels, {self.bpp:.3f} bpp{quality}"
        )


def _compared(ratio: float) -> str:
    """In words how a file compares with something that is `ratio` times its size."""
    if 1 / 1.05 < ratio < 1.05:
        return "about as large as"
    return f"{ratio:.1f}x smaller than" if ratio > 1 else f"{1 / ratio:.1f}x larger than"


def report(codec: Codec, picture: Picture, compressed: Compressed, source_size: int) -> Report:
    """Compare what a file decodes to with the picture that it was made of.

    An :class:`AecodecWarning` says if the picture is unlike those of the training set, and if the
    file is larger than its source.

    Args:
        codec: the codec that made the file.
        picture: the picture.
        compressed: the file, made of the picture.
        source_size: size of the file or files that the picture came from in bytes.
    """
    errors = squared_errors(
        codec.decoder, picture, compressed.encoded.header, compressed.dequantized
    )
    familiar = is_familiar(codec, picture, compressed, errors)
    if not familiar:
        warnings.warn(_UNFAMILIAR.format(name=codec.spec.name), AecodecWarning, stacklevel=2)
    size = len(compressed.data)
    measured = Report(
        codec=codec.spec.name,
        level=compressed.level,
        size=size,
        source_size=source_size,
        raw_size=picture.raw_size,
        bpp=metrics.bits_per_pixel(size, *picture.size, picture.frames),
        psnr=metrics.psnr(float(np.mean(errors))) if errors else None,
        is_familiar=familiar,
    )
    if measured.is_larger:
        text = _LARGER.format(size=size, source_size=source_size)
        warnings.warn(text, AecodecWarning, stacklevel=2)
    return measured


def compare(codec: Codec, picture: Picture, level: float | None) -> Comparison:
    """Put a picture beside its reconstruction, for a figure; of several frames, the first.

    Args:
        codec: a codec with both halves.
        picture: the picture.
        level: level to compress at, 1 and up; the codec's default if None.
    """
    data = codec.compress(picture, level=level)
    restored = codec.decoder.decompress_picture(data, UNLIMITED)
    original = in_kept_colours(picture, restored.metadata).pixels
    quality = metrics.psnr(metrics.mse(original, restored.pixels))
    return Comparison(original[0], restored.pixels[0], f"{len(data)} bytes, {quality:.2f} dB")


def compare_pictures(original: Picture, other: Picture, size: int) -> Comparison:
    """Put two pictures side by side, for a figure; of several frames, the first.

    Args:
        original: a picture.
        other: a picture of the same size, of the same mode or another. If their colour profiles
            differ, both are converted to sRGB.
        size: size in bytes of the file that the other one came from.

    Raises:
        ImageError: they are of different sizes.
    """
    if original.size != other.size:
        sizes = " and ".join("{}x{}".format(*each.size) for each in (original, other))
        raise ImageError(f"pictures of {sizes} pixels: only those of one size can be compared")
    if original.metadata.get(MetadataKind.ICC) != other.metadata.get(MetadataKind.ICC):
        original, other = in_kept_colours(original, {}), in_kept_colours(other, {})
    channels = max(original.mode.channels, other.mode.channels)
    first, second = (
        np.broadcast_to(each.pixels[0], (*each.pixels.shape[1:3], channels))
        for each in (original, other)
    )
    quality = metrics.psnr(metrics.mse(first, second))
    return Comparison(first, second, f"{size} bytes, {quality:.2f} dB")
