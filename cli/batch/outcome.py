"""The outcome of processing a file: its printed lines, its results and its error."""

import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from aecodec.cli.shared.console import Console, Values
from aecodec.errors import AecodecError, memory_errors_wrapped
from aecodec.parallel import Workers

Work = Callable[[Any, Console, Workers], None]
"""Processes a file. It must be picklable, because worker processes may call it."""


class Outcome(NamedTuple):
    """The outcome of processing a file.

    Attributes:
        lines: lines to print; the second value says whether to standard error.
        error: the error of the file, or None.
        results: values of the results, as in JSON; empty if the work failed before.
        seconds: processing time.
    """

    lines: list[tuple[str, bool]]
    error: AecodecError | None = None
    results: Sequence[Values] = ()
    seconds: float = 0.0


def outcome_of(work: Work, item: Any, console: Console, workers: Workers) -> Outcome:
    """Process a file and collect its output.

    A file whose `problem` is set (:mod:`aecodec.cli.shared.discovery`) fails with that error.
    """
    lines: list[tuple[str, bool]] = []
    results: list[Values] = []
    keeping = console._replace(
        write=lambda text, to_stderr: lines.append((text, to_stderr)), keep=results.append
    )
    start = time.perf_counter()
    outcome = _run(work, item, keeping, workers)
    return outcome._replace(lines=lines, results=results, seconds=time.perf_counter() - start)


def _run(work: Work, item: Any, console: Console, workers: Workers) -> Outcome:
    """Process a file; errors become part of the outcome."""
    try:
        if problem := getattr(item, "problem", None):
            raise problem
        with memory_errors_wrapped():
            work(item, console, workers)
    except AecodecError as error:
        return Outcome([], error)
    except OSError as error:  # a file system error that no command handles
        return Outcome([], AecodecError(str(error)))
    return Outcome([])
