"""Standard output that is written completely or fails, for example on a full disk."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from aecodec.base.errors import AecodecError, UsageError


class OutputError(AecodecError):
    """Standard output cannot be written."""


@contextmanager
def complete_stdout() -> Iterator[None]:
    """Escape characters that standard output cannot show, and write all of it in the block."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        yield
    finally:
        if sys.stdout:
            with _failures_of(sys.stdout):
                sys.stdout.flush()


def write_line(text: str) -> None:
    """Write a line to standard output; OutputError if that fails."""
    with _failures_of(sys.stdout):
        print(text, flush=True)


def write_content(content: bytes) -> None:
    """Write a file to standard output; UsageError if it is a terminal, OutputError if it fails."""
    if sys.stdout is None or sys.stdout.isatty():
        raise UsageError("a terminal cannot show binary data: redirect output to a file or a pipe")
    with _failures_of(sys.stdout):
        sys.stdout.flush()
        # with PYTHONUNBUFFERED, Python's own stream could write a part and drop the rest
        with open(sys.stdout.fileno(), "wb", closefd=False) as file:
            file.write(content)


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
        raise OutputError(f"cannot write to standard output: {error.strerror}") from error
