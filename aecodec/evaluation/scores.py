"""Distortion of pictures, and files of equal sizes in several formats."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from aecodec import metrics
from aecodec.arrays import Pixels
from aecodec.codec.codec import Codec
from aecodec.evaluation.formats import PillowFormat, decode

CODEC_TITLE = "aecodec"
"""Title of files of codecs."""


class Score(NamedTuple):
    """Distortion of a picture: mean squared error of 8-bit pixels, and MS-SSIM.

    MS-SSIM is NaN for pictures with a side below 11 pixels.
    """

    mse: float
    ms_ssim: float

    @property
    def psnr(self) -> float:
        """PSNR in dB; infinite if the pictures are equal."""
        return metrics.psnr(self.mse)


def score_of(original: Pixels, decoded: Pixels) -> Score:
    """Measure a decoded picture (H, W) or (H, W, C) uint8."""
    pair = np.atleast_3d(original), np.atleast_3d(decoded)
    return Score(metrics.mse(*pair), metrics.ms_ssim(*pair))


@dataclass(frozen=True, eq=False)
class File:
    """A file of a format, with its decoded picture (H, W) or (H, W, 3) uint8."""

    title: str
    content: bytes
    decoded: Pixels

    @property
    def size(self) -> int:
        """Size in bytes."""
        return len(self.content)


def files_at(
    codec: Codec, pixels: Pixels, level: float | None, formats: Sequence[PillowFormat]
) -> list[File]:
    """The file of a codec, followed by files in other formats, for (H, W) or (H, W, 3) uint8.

    The other files have the lowest quality at which they are not smaller than the codec's file.
    `level` is 1 or more; None is the codec's default.
    """
    content = codec.compress(pixels, level=level)
    own_file = File(CODEC_TITLE, content, np.asarray(codec.decompress(content)))
    return [own_file, *(_no_smaller(format_, pixels, len(content)) for format_ in formats)]


def _no_smaller(image_format: PillowFormat, pixels: Pixels, least: int) -> File:
    content = image_format.no_smaller(pixels, least)
    return File(image_format.title, content, decode(content, pixels))
