"""Standard error without what LiteRT and TensorFlow print from C++, past every setting."""

from __future__ import annotations

import os
import re
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_lock = threading.Lock()

_THEIRS = re.compile(
    rb"""
      (INFO|WARNING|ERROR):\ .*(TensorFlow\ Lite|XNNPACK|TfLite|absl::)   # LiteRT
    | [IWEF]\d{4}\ \d\d:\d\d | [IWEF]\d{4}\ \d{5}                         # absl's log
    | \d{4}-\d\d-\d\d\ \d\d:\d\d:\d\d\.\d+:\ [IWEF]\                      # TensorFlow's own log
    | To\ enable\ the\ following\ instructions:
    | fully_quantize:\ \d
    | loc\(.*(error|warning|note|remark): | <unknown>:\d+:                # the converter's passes
    | error:\ failed\ while\ converting:
    | (Some|Custom|Flex|TF\ Select)\ ops\b | Details:$ | \ttf\.
    | \s*(see\ current\ operation: | "?func\.func | %\w+\ =\ "tfl?\. | \^bb\d)
    """,
    re.VERBOSE,
)
"""Beginnings of their lines."""


@contextmanager
def silent_stderr() -> Iterator[None]:
    """Keep off standard error what LiteRT and TensorFlow print in the block.

    What other threads print meanwhile is passed on at its end: lines that are not known to be
    theirs are not dropped.
    """
    with _lock:
        try:
            kept = os.dup(2)
        except OSError:  # no standard error: nothing to keep quiet
            yield
            return
        captured = _memory()
        os.dup2(captured, 2)
        try:
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)
            _pass_on(captured)


def _memory() -> int:
    """A new file without a name."""
    if hasattr(os, "memfd_create"):
        return os.memfd_create("stderr")
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())


def _pass_on(captured: int) -> None:
    """Print the lines of others."""
    with open(captured, "rb") as file:
        file.seek(0)
        lines = [line for line in file if line.strip() and not _THEIRS.match(line)]
    with suppress(OSError), open(2, "wb", closefd=False) as stderr:
        stderr.writelines(lines)
