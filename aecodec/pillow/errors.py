"""aecodec's errors for users of Pillow, which are also the errors that Pillow raises."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from aecodec.errors import AecodecError, CodecError, FormatError, ImageError, UsageError


class PillowFormatError(FormatError, OSError):
    """A damaged `.aec` file; Pillow raises OSError for damaged files."""


class PillowCodecError(CodecError, OSError):
    """An `.aec` file with an unknown codec; Pillow raises OSError if it has no decoder."""


class PillowImageError(ImageError, OSError):
    """An image that `.aec` files do not support; Pillow raises OSError for unsupported modes."""


class PillowUsageError(UsageError, ValueError):
    """Invalid options of `save`; Pillow raises ValueError for them."""


_OF_PILLOW: dict[type[AecodecError], type[AecodecError]] = {
    FormatError: PillowFormatError,
    CodecError: PillowCodecError,
    ImageError: PillowImageError,
    UsageError: PillowUsageError,
}


@contextmanager
def errors_as_pillows() -> Iterator[None]:
    """Convert errors of the block to the errors that Pillow's users expect.

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
