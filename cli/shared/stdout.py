"""Standard output that is written completely or fails, for example on a full disk.

With `PYTHONUNBUFFERED`, Python's own stream makes a single system call, which may write only a part
of the data, and drops the rest without an error.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from aecodec.errors import AecodecError, UsageError

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

_STREAMS = (0, 1, 2)


class OutputError(AecodecError):
    """Standard output cannot be written."""


class _Closed(io.RawIOBase):
    """Replaces closed standard output; every write fails."""

    def writable(self) -> bool:
        return True

    def write(self, _: ReadableBuffer) -> int:
        raise OutputError("standard output is closed: results cannot be printed")


@contextmanager
def complete_stdout() -> Iterator[None]:
    """Make every write of the block to standard output complete, or fail.

    Raises:
        OutputError: output of the block cannot be written.
    """
    _open_closed_streams()
    original = sys.stdout
    sys.stdout = complete = _complete(original)
    try:
        yield
    finally:
        sys.stdout = original
        try:
            with _failures_of(complete):
                complete.flush()
        finally:
            if complete is not original:
                _detach(complete)


def write_line(text: str) -> None:
    """Write a line to standard output.

    Raises:
        OutputError: standard output cannot be written.
    """
    with _failures_of(sys.stdout):
        print(text, flush=True)


def write_content(content: bytes) -> None:
    """Write the content of a file to standard output.

    Raises:
        UsageError: standard output is a terminal.
        OutputError: standard output cannot be written.
    """
    if sys.stdout.isatty():
        raise UsageError("a terminal cannot display binary data: redirect it to a file or a pipe")
    with _failures_of(sys.stdout):
        sys.stdout.flush()
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()


def _open_closed_streams() -> None:
    """Open closed standard streams, so that files opened later do not get their descriptors."""
    for number in _STREAMS:
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)


def _complete(stream: Any) -> Any:
    """A stream to the same target that writes everything; the same stream if it is buffered.

    File names may contain any bytes, so characters that the encoding lacks are escaped.
    """
    raw = getattr(stream, "buffer", None) if stream else _Closed()
    if isinstance(raw, io.RawIOBase):
        encoding = getattr(stream, "encoding", None)
        return io.TextIOWrapper(io.BufferedWriter(raw), encoding, "backslashreplace")
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="backslashreplace")
    return stream


def _detach(stream: io.TextIOWrapper) -> None:
    """Remove the buffers from a raw stream, which stays open."""
    with suppress(OSError, OutputError):
        buffered = stream.detach()
        assert isinstance(buffered, io.BufferedWriter)
        buffered.detach()


@contextmanager
def _failures_of(stream: Any) -> Iterator[None]:
    """Raise OutputError for system errors, and discard data that was not written."""
    try:
        yield
    except OSError as error:
        with suppress(OSError):
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, stream.fileno())  # Python writes the rest again at exit
            os.close(null)
        raise OutputError(f"standard output cannot be written: {error.strerror}") from error
