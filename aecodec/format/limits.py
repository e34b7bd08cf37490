"""Limits of what a file may take to decode, checked in its header before anything is allocated.

A few bytes can state a huge picture: a decompression bomb. What a file takes is told by its header:
the pixels of all its pictures, and the pixels that the networks compute, which are those of whole
tiles. By default a file may state as many as are usual for its number of bytes, and a caller who
trusts it allows more.
"""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Integral

from aecodec.errors import LimitError, UsageError
from aecodec.format.container import MAX_FRAMES

DEFAULT_MAX_PIXELS = 178_956_970
"""Pixels of all pictures of a file: as many as Pillow opens without an error."""

FREE_FRAMES = 1000
"""Pictures that the smallest file may hold."""

BYTES_PER_FRAME = 8
"""Bytes of a file for each picture beyond those; a digit has more at every level."""

FREE_WORK = 1 << 21
"""Pixels that may be computed for the smallest file."""

WORK_PER_BYTE = 640
"""Pixels that may be computed for each byte; black paper at the default level of `photo` has 525,
and photographs at its lowest level about 100."""

_ENLARGED = 8
"""This many pixels that are only enlarged take the time of one that is computed."""

_ROUNDED_UP = 4
"""How many times more pixels whole tiles may have than an allowed number; pictures with sides of a
tile or more have less."""


@dataclass(frozen=True)
class Claim:
    """What a file claims to hold.

    Attributes:
        size: (width, height) of each picture.
        frames: number of pictures.
        computed: pixels that the networks compute for all pictures, in whole tiles.
        metadata: bytes of metadata, which each picture is given.
        file_size: bytes of the file.
    """

    size: tuple[int, int]
    frames: int
    computed: int
    metadata: int
    file_size: int

    @property
    def pixels(self) -> int:
        """Pixels of all pictures."""
        return self.size[0] * self.size[1] * self.frames

    @property
    def work(self) -> int:
        """What it takes to decode, as a number of computed pixels."""
        return max(self.computed, self.pixels // _ENLARGED, self.metadata * self.frames)


@dataclass(frozen=True)
class Limits:
    """What a caller accepts of a file.

    Attributes:
        max_pixels: most pixels of all pictures together. If None, 178,956,970, but fewer for a
            small file: 640 computed pixels per byte, and at least 2,097,152. Pictures that were
            reduced count as an eighth of their pixels.
        max_frames: most pictures. If None, one per 8 bytes, and at least 1000.

    Raises:
        UsageError: a number below 1, or none that is whole.

    >>> Limits(max_pixels=0)
    Traceback (most recent call last):
    aecodec.errors.UsageError: max_pixels is 0: a file has one pixel at least, and one picture
    """

    max_pixels: int | None = None
    max_frames: int | None = None

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if value is not None and not isinstance(value, Integral):
                raise UsageError(f"{name} is {value!r}: give a whole number")
            if value is not None and value < 1:
                raise UsageError(
                    f"{name} is {value}: a file has one pixel at least, and one picture"
                )

    def check(self, claim: Claim) -> None:
        """Check that a file is not larger than what is accepted.

        Raises:
            LimitError: it is; the message names the option that accepts it.

        >>> Limits().check(Claim((640, 480), 1, computed=640 * 480, metadata=0, file_size=9000))
        """
        self._check_frames(claim)
        self._check_pixels(claim)
        self._check_work(claim)

    def _check_frames(self, claim: Claim) -> None:
        most = self.max_frames or max(FREE_FRAMES, claim.file_size // BYTES_PER_FRAME)
        if claim.frames > most:
            raise LimitError(
                f"{claim.frames} pictures in {claim.file_size} bytes are more than the limit of "
                f"{most}: max_frames={claim.frames} (--max-frames) accepts them"
            )

    def _check_pixels(self, claim: Claim) -> None:
        most = self.max_pixels or DEFAULT_MAX_PIXELS
        if claim.pixels > most:
            raise LimitError(
                f"{_stated(claim)} are more than the limit of {most}: "
                f"max_pixels={claim.pixels} (--max-pixels) accepts them"
            )

    def _check_work(self, claim: Claim) -> None:
        if claim.work > max(FREE_WORK, self._allowed_work(claim.file_size)):
            enough = max(claim.pixels, -(-claim.work // _ROUNDED_UP))
            raise LimitError(
                f"{_stated(claim)} in {claim.file_size} bytes are more than files of this size may "
                f"state, as a decompression bomb does: if you trust it, max_pixels={enough} "
                "(--max-pixels) accepts it"
            )

    def _allowed_work(self, file_size: int) -> int:
        if self.max_pixels is None:
            return WORK_PER_BYTE * file_size
        return _ROUNDED_UP * self.max_pixels


UNLIMITED = Limits(1 << 62, MAX_FRAMES)
"""The format's own limits alone: for files that this program has just made."""


def _stated(claim: Claim) -> str:
    frames = f"{claim.frames} x " if claim.frames > 1 else ""
    return f"{frames}{claim.size[0]}x{claim.size[1]} pixels"
