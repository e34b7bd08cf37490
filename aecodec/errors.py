"""The tree of errors: whoever catches :class:`AecodecError` catches all that aecodec raises.

Each class carries the exit status that the command line gives for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


class AecodecError(Exception):
    """Base class of every error that aecodec raises on purpose."""

    exit_status = 1


class UsageError(AecodecError):
    """A call that contradicts itself, or that would overwrite a file without permission."""

    exit_status = 2


class ImageError(AecodecError):
    """An image that cannot be read, or of a kind that is not supported."""

    exit_status = 3


class FormatError(AecodecError):
    """Bytes that are not a whole, undamaged `.aec` file that this version can read."""

    exit_status = 4


class CodecError(AecodecError):
    """A codec that is unknown, damaged, or not the one that made the file."""

    exit_status = 5


class InputError(AecodecError):
    """A file or folder that does not exist, or that the system does not let us read."""

    exit_status = 6


class LimitError(AecodecError):
    """An `.aec` file that claims more pixels or pictures than the caller accepts."""

    exit_status = 7


class ModelError(AecodecError):
    """A Keras model that cannot be trained, converted or quantized as a codec."""


class AecodecWarning(UserWarning):
    """Something was lost or changed that the caller may not expect."""


@contextmanager
def errors_about(name: object) -> Iterator[None]:
    """Prefix the errors of a block with the name of the file that they are about.

    >>> with errors_about("cat.aec"):
    ...     raise FormatError("damaged")
    Traceback (most recent call last):
    aecodec.errors.FormatError: cat.aec: damaged
    """
    try:
        yield
    except AecodecError as error:
        raise type(error)(f"{name}: {error}") from error


@contextmanager
def memory_errors_wrapped() -> Iterator[None]:
    """Raise an AecodecError where memory runs out in the block, or in the decorated function.

    >>> with memory_errors_wrapped():
    ...     raise MemoryError
    Traceback (most recent call last):
    aecodec.errors.AecodecError: too little memory for it; --jobs 1 needs the least
    """
    try:
        yield
    except MemoryError as error:
        raise AecodecError("too little memory for it; --jobs 1 needs the least") from error
