"""Standard error without the output of LiteRT and TensorFlow, which no setting silences."""

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
"""Beginnings of the lines that LiteRT and TensorFlow print."""


@contextmanager
def silent_stderr() -> Iterator[None]:
    """Drop the output of LiteRT and TensorFlow to standard error in the block.

    Lines from other sources, such as other threads, are printed at the end of the block.
    """
    with _lock:
        try:
            kept = os.dup(2)
        except OSError:  # no standard error: nothing to keep quiet
            yield
            return
        captured = _unnamed_file()
        os.dup2(captured, 2)
        try:
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)
            _pass_on(captured)


def _unnamed_file() -> int:
    """Descriptor of a new unnamed file, in memory if the system supports it."""
    if hasattr(os, "memfd_create"):
        return os.memfd_create("stderr")
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())


def _pass_on(captured: int) -> None:
    """Print the captured lines that are neither LiteRT's nor TensorFlow's."""
    with open(captured, "rb") as file:
        file.seek(0)
        lines = [line for line in file if line.strip() and not _THEIRS.match(line)]
    with suppress(OSError), open(2, "wb", closefd=False) as stderr:
        stderr.writelines(lines)
