"""aecodec's errors where Pillow is the caller: each is also an error that Pillow's users expect."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from aecodec.errors import AecodecError, CodecError, FormatError, ImageError, UsageError


class PillowFormatError(FormatError, OSError):
    """A damaged `.aec` file; Pillow's own formats raise OSError for one."""


class PillowCodecError(CodecError, OSError):
    """An `.aec` file of an unknown codec; Pillow raises OSError where it lacks a decoder."""


class PillowImageError(ImageError, OSError):
    """An image that no `.aec` file holds; Pillow raises OSError for a mode that a format lacks."""


class PillowUsageError(UsageError, ValueError):
    """Options of `save` that are not valid; Pillow raises ValueError for them."""


_OF_PILLOW: dict[type[AecodecError], type[AecodecError]] = {
    FormatError: PillowFormatError,
    CodecError: PillowCodecError,
    ImageError: PillowImageError,
    UsageError: PillowUsageError,
}


@contextmanager
def errors_as_pillows() -> Iterator[None]:
    """Raise errors of the block as those that Pillow's users expect.

    >>> with errors_as_pillows():
    ...     raise FormatError("damaged")
    Traceback (most recent call last):
    aecodec.pillow.errors.PillowFormatError: damaged
    """
    try:
        yield
    except AecodecError as error:
        if type(error) not in _OF_PILLOW:
            raise
        raise _OF_PILLOW[type(error)](str(error)) from error
