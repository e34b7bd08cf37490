"""Limits on the work of decoding a file, checked in its header before anything is allocated.

A few bytes can claim a huge picture: a decompression bomb. The header states how much work a file
is: the pixels of all its pictures, and the pixels that the networks compute in whole tiles. By
default, a file may claim as much as is usual for its size. Callers who trust a file can allow more.
"""

from numbers import Integral
from typing import NamedTuple

from aecodec.errors import LimitError, UsageError
from aecodec.format.container import MAX_FRAMES

DEFAULT_MAX_PIXELS = 178_956_970
"""Default limit for the pixels of all pictures of a file: the limit of Pillow."""

FREE_FRAMES = 1000
"""Pictures that a file of any size may hold."""

BYTES_PER_FRAME = 8
"""Bytes per picture in a file with more pictures; digits have more at every level."""

FREE_WORK = 1 << 21
"""Computed pixels that a file of any size may need."""

WORK_PER_BYTE = 4096
"""Computed pixels per byte in a larger file. At the lowest level of `photo`, black paper has 2,600,
and a smooth photograph with 8 megapixels has 640."""

_ENLARGED = 8
"""Enlarging this many pixels takes as long as computing one."""

_COPIED = 8
"""Copying this many bytes of metadata to each picture counts as computing as many pixels: memory
is bounded by 512 times the size of the file."""

_ROUNDED_UP = 4
"""Whole tiles may have this many times more pixels than the limit. Pictures with sides of at least
a tile need less."""


class Claim(NamedTuple):
    """The content that a file claims.

    `size` is the (width, height) of each picture, and `computed` the number of pixels that the
    networks compute for all pictures, in whole tiles, plus all pixels for each refinement.
    `metadata` is the size in bytes of the metadata, which is copied to each picture. `weight` is
    the number of RGB pixels that take as many bytes as a pixel with bands.
    """

    size: tuple[int, int]
    frames: int
    computed: int
    metadata: int
    file_size: int
    weight: int = 1

    @property
    def pixels(self) -> int:
        """Pixels of all pictures; a pixel with bands counts as RGB pixels of as many bytes."""
        return self.size[0] * self.size[1] * self.frames * self.weight

    @property
    def work(self) -> int:
        """The work of decoding, as a number of computed pixels."""
        return max(self.computed, self.pixels // _ENLARGED, _COPIED * self.metadata * self.frames)


class Limits:
    """Limits of what a caller accepts.

    Attributes:
        max_pixels: limit for the pixels of all pictures together. If None, 178,956,970, but less
            for a small file: 4096 computed pixels per byte, but at least 2,097,152. Pictures that
            were reduced count as an eighth of their pixels. A pixel with bands counts as one for
            every 3 bytes of its samples.
        max_frames: limit for the number of pictures. If None, one per 8 bytes, but at least 1000.

    Raises:
        UsageError: a limit is below 1 or not an integer.

    >>> Limits(max_pixels=0)
    Traceback (most recent call last):
    aecodec.errors.UsageError: max_pixels is 0: give an integer of at least 1
    """

    def __init__(self, max_pixels: int | None = None, max_frames: int | None = None) -> None:
        self.max_pixels, self.max_frames = max_pixels, max_frames
        for name, value in vars(self).items():
            if value is not None and (not isinstance(value, Integral) or value < 1):
                raise UsageError(f"{name} is {value!r}: give an integer of at least 1")

    def check(self, claim: Claim) -> None:
        """Raise LimitError if a file exceeds a limit.

        The message names the option that raises the limit.

        >>> Limits().check(Claim((640, 480), 1, computed=640 * 480, metadata=0, file_size=9000))
        """
        self._check_frames(claim)
        self._check_pixels(claim)
        self._check_work(claim)

    def _check_frames(self, claim: Claim) -> None:
        limit = self.max_frames or max(FREE_FRAMES, claim.file_size // BYTES_PER_FRAME)
        if claim.frames > limit:
            raise LimitError(
                f"{claim.frames} pictures in {claim.file_size} bytes are more than the limit of "
                f"{limit}: allow them with max_frames={claim.frames} (--max-frames)"
            )

    def _check_pixels(self, claim: Claim) -> None:
        limit = self.max_pixels or DEFAULT_MAX_PIXELS
        if claim.pixels > limit:
            raise LimitError(
                f"{_pixels_text(claim)} are more than the limit of {limit}: "
                f"allow them with max_pixels={claim.pixels} (--max-pixels)"
            )

    def _check_work(self, claim: Claim) -> None:
        allowed = WORK_PER_BYTE * claim.file_size
        if self.max_pixels is not None:
            allowed = _ROUNDED_UP * self.max_pixels
        if claim.work > max(FREE_WORK, allowed):
            enough = max(claim.pixels, -(-claim.work // _ROUNDED_UP))
            raise LimitError(
                f"{_pixels_text(claim)} in {claim.file_size} bytes are unusually many: this may be "
                f"a decompression bomb. If you trust the file, allow it with max_pixels={enough} "
                "(--max-pixels)"
            )


UNLIMITED = Limits(1 << 62, MAX_FRAMES)
"""Only the limits of the format, for files that this program has just made."""


def _pixels_text(claim: Claim) -> str:
    frames = f"{claim.frames} x " if claim.frames > 1 else ""
    bytes_each = f" with up to {3 * claim.weight} bytes each" if claim.weight > 1 else ""
    return f"{frames}{claim.size[0]}x{claim.size[1]} pixels{bytes_each}"
