"""Standard output that is written whole or fails, as on a full disk or a pipe that nobody reads.

With `PYTHONUNBUFFERED`, Python's own stream writes what one call of the system takes, and drops the
rest without an error.
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
    """Standard output that does not take what is written."""


class _Closed(io.RawIOBase):
    """Takes the place of standard output where that is closed: whatever is written fails."""

    def writable(self) -> bool:
        return True

    def write(self, _: ReadableBuffer) -> int:
        raise OutputError("standard output is closed, so results cannot be printed")


@contextmanager
def complete_stdout() -> Iterator[None]:
    """Let every write of the block to standard output be whole, or fail.

    Raises:
        OutputError: what the block has written cannot be written to the end.
    """
    _open_closed_streams()
    before = sys.stdout
    sys.stdout = complete = _complete(before)
    try:
        yield
    finally:
        sys.stdout = before
        try:
            with _failures_of(complete):
                complete.flush()
        finally:
            if complete is not before:
                _leave(complete)


def write_line(text: str) -> None:
    """Write a line to standard output.

    Raises:
        OutputError: it cannot be written.
    """
    with _failures_of(sys.stdout):
        print(text, flush=True)


def write_content(content: bytes) -> None:
    """Write the content of a file to standard output.

    Raises:
        UsageError: standard output is a terminal.
        OutputError: it cannot be written.
    """
    if sys.stdout.isatty():
        raise UsageError("a terminal cannot show these bytes: send them to a file or a pipe")
    with _failures_of(sys.stdout):
        sys.stdout.flush()
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()


def _open_closed_streams() -> None:
    """Open closed standard streams, so that files opened later do not get their numbers."""
    for number in _STREAMS:
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)


def _complete(stream: Any) -> Any:
    """A stream that writes to the same place, always to the end: this one if it is buffered.

    File names are any bytes, so what the encoding lacks is written in another form.
    """
    raw = getattr(stream, "buffer", None) if stream else _Closed()
    if isinstance(raw, io.RawIOBase):
        encoding = getattr(stream, "encoding", None)
        return io.TextIOWrapper(io.BufferedWriter(raw), encoding, "backslashreplace")
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="backslashreplace")
    return stream


def _leave(stream: io.TextIOWrapper) -> None:
    """Take the buffers off a stream that stays in use without them."""
    with suppress(OSError, OutputError):
        buffered = stream.detach()
        assert isinstance(buffered, io.BufferedWriter)
        buffered.detach()


@contextmanager
def _failures_of(stream: Any) -> Iterator[None]:
    """Turn what the system reports into an error, and forget what has not been written."""
    try:
        yield
    except OSError as error:
        with suppress(OSError):
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, stream.fileno())  # Python writes the rest again when it ends
            os.close(null)
        raise OutputError(f"standard output cannot be written: {error.strerror}") from error
