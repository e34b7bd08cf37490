"""Limits on the work of decoding a file, which the library checks before it allocates anything.

A few bytes can claim a huge picture: a decompression bomb. The header states how much work a file
needs: the pixels of all its pictures, and the pixels that the networks compute in whole tiles. By
default, a file may claim the work that is usual for its size. If you trust a file, allow more.
"""

from dataclasses import dataclass
from numbers import Integral
from typing import TypedDict

from aecodec.base.errors import UsageError
from aecodec.format.container import MAX_FRAMES


class LimitOptions(TypedDict, total=False):
    """The attributes of :class:`Limits` as keyword arguments."""

    max_pixels: int | None
    max_frames: int | None
    base_only: bool


@dataclass(frozen=True)
class Limits:
    """Limits for a file, and the part to decode, as for :func:`aecodec.decompress`."""

    max_pixels: int | None = None
    max_frames: int | None = None
    base_only: bool = False

    def __post_init__(self) -> None:
        for name in ("max_pixels", "max_frames"):
            value = getattr(self, name)
            if value is not None and (not isinstance(value, Integral) or value < 1):
                raise UsageError(f"{name} is {value!r}: use an integer of at least 1")


UNLIMITED = Limits(1 << 62, MAX_FRAMES)
"""Only the limits of the format, for files that this program has just made."""
