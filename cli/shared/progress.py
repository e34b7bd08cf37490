"""A progress bar on standard error, and lines printed above it."""

from __future__ import annotations

import re
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

import typer

from aecodec.base.urls import masked
from aecodec.cli.shared.stdout import write_line

if TYPE_CHECKING:
    from rich.progress import Progress

_MIN_STEPS = 8
"""Work with fewer steps ends too soon for a bar."""

_CONTROLS = r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]"
"""Characters that control the terminal, lines or the direction of text, except tabs."""


def visible(text: str) -> str:
    """Text without secrets and control characters, because file names may come from anywhere."""
    return re.sub(_CONTROLS, lambda match: ascii(match[0])[1:-1], masked(text))


def echo(text: str, to_stderr: bool) -> None:
    """Print a line with escaped control characters; OutputError if the output is closed."""
    if to_stderr:
        with suppress(OSError):
            typer.echo(visible(text), err=True)
    else:
        write_line(visible(text))


class Bar:
    """A bar on a terminal that appears if work takes long, and disappears after the block."""

    def __init__(self, title: str, is_enabled: bool) -> None:
        self._title = title
        self._is_enabled = is_enabled and sys.stderr is not None and sys.stderr.isatty()
        self._progress: Progress | None = None

    def __enter__(self) -> Bar:
        return self

    def __exit__(self, *_: object) -> None:
        if self._progress:
            self._progress.stop()

    def update(self, done: int, total: int) -> None:
        if not self._is_enabled or total < _MIN_STEPS:
            return
        if self._progress is None:
            self._progress = _started(self._title)
        self._progress.update(self._progress.task_ids[0], completed=done, total=total)

    def write(self, text: str, to_stderr: bool) -> None:
        """Print a line, above the bar if it goes to the same terminal."""
        if self._progress and (to_stderr or sys.stdout.isatty()):
            self._progress.console.out(visible(text), highlight=False)
        else:
            echo(text, to_stderr)


def _started(title: str) -> Progress:
    from rich.console import Console  # the import takes 50 ms, and short work needs no bar
    from rich.progress import Progress

    progress = Progress(
        *Progress.get_default_columns(),
        console=Console(stderr=True),
        transient=True,
        redirect_stdout=False,  # would send results to standard error
        redirect_stderr=False,
    )
    progress.add_task(title, total=None)
    progress.start()
    return progress
