"""What comes of one file: the lines that it prints, and the error that ends it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from aecodec.cli.shared.console import Console, Values
from aecodec.errors import AecodecError, memory_errors_wrapped
from aecodec.parallel import Workers

Work = Callable[[Any, Console, Workers], None]
"""What is done for one file, with threads for it. It can be pickled, and is called in any process.
"""


class LeftAlone(Exception):  # noqa: N818 - no error
    """Raised by work that has reported that an option leaves a file without a result."""


@dataclass(frozen=True)
class Outcome:
    """What came of one file.

    Attributes:
        lines: lines to print, each with whether it goes to standard error.
        error: what ended the work, or None.
        is_left_alone: whether no result was made, as the user wishes.
        results: the values of its results, as for JSON; none if the work ended before.
        seconds: how long it took.
    """

    lines: list[tuple[str, bool]]
    error: AecodecError | None = None
    is_left_alone: bool = False
    results: Sequence[Values] = ()
    seconds: float = 0.0


def outcome_of(work: Work, item: Any, console: Console, workers: Workers) -> Outcome:
    """Do the work for one file, and keep what it prints until it is this file's turn.

    A file with a problem of its own, as :mod:`aecodec.cli.shared.found` finds them, fails with it.
    """
    lines: list[tuple[str, bool]] = []
    results: list[Values] = []
    keeping = replace(
        console, write=lambda text, to_stderr: lines.append((text, to_stderr)), keep=results.append
    )
    began = time.perf_counter()
    outcome = _tried(work, item, keeping, workers)
    return replace(outcome, lines=lines, results=results, seconds=time.perf_counter() - began)


def _tried(work: Work, item: Any, console: Console, workers: Workers) -> Outcome:
    """Do the work, and return how it ended."""
    try:
        if problem := getattr(item, "problem", None):
            raise problem
        with memory_errors_wrapped():
            work(item, console, workers)
    except LeftAlone:
        return Outcome([], is_left_alone=True)
    except AecodecError as error:
        return Outcome([], error)
    except OSError as error:  # of the file system, where no command expects it
        return Outcome([], AecodecError(str(error)))
    return Outcome([])
