"""The file that is made of a picture."""

from __future__ import annotations

from aecodec.codec.base import CodecHalf
from aecodec.format.container import LEVEL_UNITS, NOT_REDUCED
from aecodec.imaging.picture import Picture


class Compressed:
    """A file of a picture.

    Attributes:
        data: the file.
        level: its level, 1 and up; None for a file with refinements and without a base.
        reduction: factor by which the sides were reduced, in halves; 2 without reduction.
        max_error: the largest error of a sample of a file with refinements; otherwise None.
    """

    def __init__(
        self,
        codec: CodecHalf,
        picture: Picture,
        data: bytes,
        level_index: int,
        reduction: int = NOT_REDUCED,
        max_error: float | None = None,
    ) -> None:
        self._codec, self._frames, self._size = codec, picture.frames, picture.size
        kind = f"{picture.pixels.shape[-1]} x {picture.pixels.dtype}"
        self._kind = picture.mode.name if picture.layout is None else kind
        self.data, self.reduction, self.max_error = data, reduction, max_error
        self.level = level_index / LEVEL_UNITS if level_index else None

    def __repr__(self) -> str:
        width, height = self._size
        frames = f"{self._frames} x " if self._frames > 1 else ""
        bpp = 8 * len(self.data) / (width * height * self._frames)
        return (
            f"Compressed({len(self.data)} bytes, {bpp:.3f} bpp: {frames}{width}x{height} "
            f"{self._kind}, codec {self._codec.spec.name} {level_text(self.level, self.max_error)})"
        )


def level_text(level: float | None, max_error: float | None = None) -> str:
    """The level of a file, for people, and its maximum error, if it is known.

    >>> level_text(2), level_text(1.5, 4), level_text(None, 0)
    ('at level 2', 'at level 1.5, maximum error 4', 'without a level, lossless')
    """
    text = "without a level" if level is None else f"at level {level:g}"
    if max_error is None:
        return text
    return f"{text}, maximum error {max_error:g}" if max_error else f"{text}, lossless"
