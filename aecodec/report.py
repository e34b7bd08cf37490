"""What one compression cost and lost."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from aecodec import metrics
from aecodec.codec import Codec
from aecodec.container import NOT_REDUCED, Header
from aecodec.encoding import Compressed
from aecodec.figures import Comparison
from aecodec.images import Picture
from aecodec.spec import DECODER_TFLITE
from aecodec.transforms import Int8


@dataclass(frozen=True)
class Report:
    """One file against the pictures in it.

    Attributes:
        codec: the name of the one that made it.
        level: of the file.
        size: bytes of the `.aec` file.
        source_size: bytes of the file or files that the pictures came from.
        raw_size: bytes of the pixels.
        bpp: bits a pixel.
        psnr: dB, alpha aside; None where the codec has no decoder's half.
        is_familiar: whether every picture's error is one that pictures like those of the training
            set have.
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
        """How many times smaller than the source."""
        return self.source_size / self.size

    @property
    def ratio_to_raw(self) -> float:
        """How many times smaller than the pixels."""
        return self.raw_size / self.size

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "codec": self.codec,
            "level": self.level,
            "bytes": self.size,
            "source_bytes": self.source_size,
            "raw_bytes": self.raw_size,
            "ratio_to_source": round(self.ratio_to_source, 3),
            "ratio_to_raw": round(self.ratio_to_raw, 3),
            "bpp": round(self.bpp, 4),
            "psnr": round(self.psnr, 2) if self.psnr and math.isfinite(self.psnr) else None,
            "familiar": self.is_familiar,
        }

    def as_text(self) -> str:
        """For people."""
        quality = "" if self.psnr is None else f", {self.psnr:.2f} dB"
        return (
            f"{self.size} bytes by {self.codec} at level {self.level:g}, "
            f"{self.ratio_to_source:.1f}x smaller than the source, {self.ratio_to_raw:.1f}x than "
            f"raw pixels, {self.bpp:.3f} bpp{quality}"
        )


def report(codec: Codec, picture: Picture, file: Compressed, source_size: int) -> Report:
    """Measure what a file decodes to against the pictures that it was made of.

    Args:
        codec: the codec that made it.
        picture: the pictures.
        file: made of them.
        source_size: bytes of the file or files that the pictures came from.
    """
    width, height = picture.size
    errors = squared_errors(codec, picture, file.encoding.header, file.kept)
    return Report(
        codec=codec.spec.name,
        level=file.level,
        size=len(file.data),
        source_size=source_size,
        raw_size=picture.raw_size,
        bpp=metrics.bits_per_pixel(len(file.data), width, height, picture.frames),
        psnr=metrics.psnr(float(np.mean(errors))) if errors else None,
        is_familiar=max(errors, default=0) <= _familiar_error(codec, file),
    )


def compare(codec: Codec, picture: Picture, level: float | None) -> Comparison:
    """A picture beside what is left of it at a level (the default if None)."""
    data = codec.compress(picture, level)
    restored = codec.decoder.decompress(data).pixels
    quality = metrics.psnr(metrics.mse(picture.pixels, restored))
    return Comparison(picture.pixels[0], restored[0], f"{len(data)} bytes, {quality:.2f} dB")


def squared_errors(codec: Codec, picture: Picture, header: Header, kept: Int8) -> list[float]:
    """Mean squared error of each frame of a file; none where there is no decoder to tell.

    Args:
        codec: that made it.
        picture: what it was made of.
        header: of the encoding; its level is not read.
        kept: the integers that it gives back.
    """
    if not codec.folder.has(DECODER_TFLITE):
        return []
    restored = codec.decoder.pixels(header, kept)
    return [metrics.mse(*pair) for pair in zip(picture.pixels, restored, strict=True)]


def _familiar_error(codec: Codec, file: Compressed) -> float:
    """What pictures like those of the training set lose at most; unknown for reduced ones."""
    levels = codec.folder.measured.get("levels")
    if not levels or file.encoding.header.reduction != NOT_REDUCED:
        return math.inf
    return float(levels[int(file.level) - 1]["familiar_mse"])
