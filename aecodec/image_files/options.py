"""What to accept of an image file."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from PIL import Image

from aecodec.errors import UsageError


class Frames(str, Enum):
    """Which frames of an animation, or pages of a document, to read."""

    FIRST = "first"
    ALL = "all"


@dataclass(frozen=True)
class ReadOptions:
    """How to read an image file.

    Attributes:
        depth: 8 to scale channels of 16 or 32 bits and of floats to 8 bits; None to refuse them.
        max_pixels: most pixels of a file, over all frames that are read; None for twice the limit
            above which Pillow warns, which is 178,956,970 unless the program has set another.
        frames: which frames to read.

    Raises:
        UsageError: another depth than 8, or less than one pixel.

    >>> ReadOptions(depth=16)
    Traceback (most recent call last):
    aecodec.errors.UsageError: depth 16: a file holds 8 bits per channel, so 8 is the only depth
    """

    depth: int | None = None
    max_pixels: int | None = None
    frames: Frames = Frames.FIRST

    def __post_init__(self) -> None:
        if self.depth not in (None, 8):
            raise UsageError(
                f"depth {self.depth}: a file holds 8 bits per channel, so 8 is the only depth"
            )
        if self.max_pixels is not None and self.max_pixels < 1:
            raise UsageError(f"at most {self.max_pixels} pixels: a picture has one at least")

    @property
    def pixel_limit(self) -> float:
        """Most pixels that are read; infinite where the program has taken Pillow's limit away."""
        if self.max_pixels is not None:
            return self.max_pixels
        return float("inf") if Image.MAX_IMAGE_PIXELS is None else 2 * Image.MAX_IMAGE_PIXELS
