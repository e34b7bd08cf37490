"""The outcome of processing a file: its printed lines and its error."""

from collections.abc import Callable
from typing import Any, NamedTuple

from aecodec.base.errors import AecodecError, memory_errors_wrapped
from aecodec.base.parallel import Workers
from aecodec.cli.shared.console import Console

Work = Callable[[Any, Console, Workers], None]
"""Processes a file. It must be picklable, because worker processes may call it."""


class Outcome(NamedTuple):
    """The printed lines of a file, each with a flag for standard error; and the file's error."""

    lines: list[tuple[str, bool]]
    error: AecodecError | None = None


def outcome_of(work: Work, item: Any, console: Console, workers: Workers) -> Outcome:
    """Process a file and collect its output; if the item has a `problem`, that is the error."""
    lines: list[tuple[str, bool]] = []
    keeping = console._replace(write=lambda text, to_stderr: lines.append((text, to_stderr)))
    try:
        if problem := getattr(item, "problem", None):
            raise problem
        with memory_errors_wrapped():
            work(item, keeping, workers)
    except AecodecError as error:
        return Outcome(lines, error)
    except OSError as error:  # a file system error that no command handles
        return Outcome(lines, AecodecError(str(error)))
    return Outcome(lines)
