"""The errors and warnings of aecodec; all errors are subclasses of :class:`AecodecError`.

Each error class contains the exit status that the command line returns for it.
"""

import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_INSIDE = {"aecodec", "contextlib", "PIL"}
"""Packages whose code a warning skips to find the caller's line; contextlib runs our decorators."""


class AecodecError(Exception):
    """Base class of every error that aecodec raises on purpose."""

    exit_status = 1


class UsageError(AecodecError):
    """Arguments that contradict each other, or that would overwrite a file without permission."""

    exit_status = 2


class ImageError(AecodecError):
    """An image that cannot be read or is not supported."""

    exit_status = 3


class FormatError(AecodecError):
    """Bytes that are not a complete, undamaged `.aec` file, or that this version cannot read."""

    exit_status = 4


class CodecError(AecodecError):
    """A codec that is unknown or damaged, or is not the file's codec."""

    exit_status = 5


class InputError(AecodecError):
    """A file or folder that does not exist or cannot be read."""

    exit_status = 6


class LimitError(AecodecError):
    """An `.aec` file that claims more pixels or pictures than the limits allow."""

    exit_status = 7


class ModelError(AecodecError):
    """A Keras model that cannot be trained, converted or quantized as a codec."""


class AecodecWarning(UserWarning):
    """A warning about a loss or a change that the caller may not expect."""


@contextmanager
def errors_about(name: object) -> Iterator[None]:
    """Prefix the errors of a block with the name of a file."""
    try:
        yield
    except AecodecError as error:
        raise type(error)(f"{name}: {error}") from error


def warn(text: str) -> None:
    """Issue an :class:`AecodecWarning` at the line that called aecodec, even through Pillow."""
    frame, stacklevel = sys._getframe(1), 2
    while frame.f_back and _package_of(frame) in _INSIDE:
        frame, stacklevel = frame.f_back, stacklevel + 1
    warnings.warn(text, AecodecWarning, stacklevel)


def _package_of(frame: FrameType) -> str:
    """The top package of a frame's code; empty if the code has no name."""
    return str(frame.f_globals.get("__name__", "")).partition(".")[0]


NO_MEMORY = "not enough memory: use --jobs 1, which needs the least memory"


@contextmanager
def memory_errors_wrapped() -> Iterator[None]:
    """Raise an AecodecError if memory runs out in the block or in the decorated function."""
    try:
        yield
    except MemoryError as error:
        raise AecodecError(NO_MEMORY) from error


class Notes:
    """Notes about a named file, each reported once, even if it concerns several frames."""

    def __init__(self, name: str = "") -> None:
        self._beginning = f"{name}: " if name else ""
        self._texts: dict[str, None] = {}

    def add(self, text: str) -> None:
        self._texts[text] = None

    def warn(self) -> None:
        for text in self._texts:
            warn(self._beginning + text)
