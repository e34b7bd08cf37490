"""A picture in several formats, with files of about the same size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from aecodec.arrays import Pixels
from aecodec.codec.codec import Codec
from aecodec.evaluation.formats import PillowFormat, decode

CODEC_TITLE = "aecodec"
"""Title of files of codecs."""


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
