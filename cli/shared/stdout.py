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
from typing import Any

from aecodec.errors import AecodecError, UsageError

_STDIN, _STDOUT, _STDERR = 0, 1, 2


class OutputError(AecodecError):
    """Standard output cannot be written."""


@contextmanager
def complete_stdout() -> Iterator[None]:
    """Make every write of the block to standard output complete, and escape characters."""
    _open_closed_streams()
    original: Any = sys.stdout
    if original is None or isinstance(getattr(original, "buffer", None), io.RawIOBase):
        encoding = getattr(original, "encoding", None)
        sys.stdout = open(_STDOUT, "w", encoding=encoding, closefd=False)  # noqa: SIM115
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        yield
    finally:
        complete, sys.stdout = sys.stdout, original
        with _failures_of(complete):
            complete.flush()


def write_line(text: str) -> None:
    """Write a line to standard output; OutputError if that fails."""
    with _failures_of(sys.stdout):
        print(text, flush=True)


def write_content(content: bytes) -> None:
    """Write a file to standard output; UsageError if it is a terminal, OutputError if it fails."""
    if sys.stdout.isatty():
        raise UsageError("a terminal cannot display binary data: redirect it to a file or a pipe")
    with _failures_of(sys.stdout):
        sys.stdout.flush()
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()


def _open_closed_streams() -> None:
    """Open closed standard streams, whose descriptors files that are opened later would get."""
    for number in (_STDIN, _STDOUT, _STDERR):
        try:
            os.fstat(number)
        except OSError:
            mode = os.O_RDONLY if number == _STDOUT else os.O_RDWR
            os.set_inheritable(os.open(os.devnull, mode), True)


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
