"""One picture in files of several formats that have about the same number of bytes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from aecodec.arrays import Pixels
from aecodec.codec.codec import Codec
from aecodec.evaluation.formats import PillowFormat, decode

OURS = "aecodec"
"""Title of the codec's own files."""


@dataclass(frozen=True, eq=False)
class File:
    """A file of one format.

    Attributes:
        title: name of the format.
        content: its bytes.
        decoded: what it decodes to, (H, W) or (H, W, 3) uint8.
    """

    title: str
    content: bytes
    decoded: Pixels

    @property
    def size(self) -> int:
        """Size in bytes."""
        return len(self.content)


def files_at(
    codec: Codec, pixels: Pixels, level: float | None, others: Sequence[PillowFormat]
) -> list[File]:
    """A codec's file of a picture, then those of other formats.

    These are of the lowest quality that makes them no smaller than the codec's.

    Args:
        codec: a codec with both halves.
        pixels: (H, W) or (H, W, 3) uint8.
        level: level to compress at, 1 and up; the codec's default if None.
        others: the other formats.
    """
    content = codec.compress(pixels, level=level)
    ours = File(OURS, content, np.asarray(codec.decompress(content)))
    return [ours, *(_no_smaller(each, pixels, len(content)) for each in others)]


def _no_smaller(other: PillowFormat, pixels: Pixels, least: int) -> File:
    content = other.no_smaller(pixels, least)
    return File(other.title, content, decode(content, pixels))
