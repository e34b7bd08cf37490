"""All files of a call: what is printed of each, and how the command ends."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import replace
from typing import Any

import typer

from aecodec.cli.batch.outcome import Outcome, Work, outcome_of
from aecodec.cli.shared.console import Console, name_of
from aecodec.cli.shared.files import ExistsError
from aecodec.cli.shared.found import STANDARD
from aecodec.cli.shared.progress import Bar
from aecodec.errors import AecodecError
from aecodec.parallel import Workers, cores

_SOME_FAILED, _INTERRUPTED = 1, 130


def run_all(
    console: Console,
    items: Sequence[Any],
    work: Work,
    jobs: int | None = 1,
    skip_existing: bool = False,
) -> None:
    """Do the work for each file, and go on past those that fail.

    Args:
        console: how the command reports.
        items: the files.
        work: what is done for each.
        jobs: number of processes that work side by side at most; one per core if None.
        skip_existing: count results that exist already, instead of failing for them.

    Raises:
        AecodecError: the error of the file, if it is the only one.
        typer.Exit: with status 1, if some of several failed; with 130, if Ctrl-C ended it.
    """
    with console.bar("") as bar:
        tally = _Tally(replace(console, write=bar.write), len(items), skip_existing)
        if len(items) == 1:
            outcome = outcome_of(work, items[0], console, Workers(progress=bar.update))
            tally.report_only(name_of(items[0]), outcome)
            return
        try:
            with closing(_side_by_side(work, items, console, bar, jobs or cores())) as outcomes:
                for item, outcome in zip(items, outcomes, strict=True):
                    tally.report(name_of(item), outcome)
        except KeyboardInterrupt:
            tally.interrupted()
    tally.end()


def _side_by_side(
    work: Work, items: Sequence[Any], console: Console, bar: Bar, jobs: int
) -> Generator[Outcome, None, None]:
    from aecodec.cli.batch.lanes import Lanes  # loads multiprocessing, which one file can spare

    reads_a_pipe = any(getattr(item, "source", item) == STANDARD for item in items)
    return Lanes(work, items, console, bar.update).run(1 if reads_a_pipe else jobs)


class _Tally:
    """Reports outcomes, and counts those that failed and those that were there already."""

    def __init__(self, console: Console, count: int, skip_existing: bool) -> None:
        self._console, self._count, self._skip_existing = console, count, skip_existing
        self._reported = self._failed = self._existing = 0
        self._left_alone: list[str] = []

    def report(self, name: str, outcome: Outcome) -> None:
        """Print what came of a file, and go on."""
        self._print(name, outcome)
        self._reported += 1
        if outcome.is_left_alone:
            self._left_alone.append(name)
        if outcome.error and not self._is_existing(outcome.error):
            self._failed += 1
            self._console.error(name, outcome.error)

    def report_only(self, name: str, outcome: Outcome) -> None:
        """Print what came of the one file of a call.

        Raises:
            AecodecError: its error, which is that of the call.
        """
        self._print(name, outcome)
        error = outcome.error
        if error and not self._is_existing(error):
            self._console.error_as_json(name, error)
            raise type(error)(f"{name}: {error}") from error

    def _print(self, name: str, outcome: Outcome) -> None:
        for text, to_stderr in outcome.lines:
            self._console.write(text, to_stderr)
        if self._is_existing(outcome.error):
            self._existing += 1
            self._console.existing(name, str(outcome.error))

    def _is_existing(self, error: AecodecError | None) -> bool:
        return self._skip_existing and isinstance(error, ExistsError)

    def end(self) -> None:
        """Print the counts.

        Raises:
            typer.Exit: with status 1, if a file failed.
        """
        if len(self._left_alone) > 1:
            names = ", ".join(self._left_alone)
            self._console.note(f"{len(self._left_alone)} left alone: {names}")
        if self._existing:
            self._console.note(f"{self._existing} of {self._count} were there already")
        if self._failed:
            self._console.write(f"{self._failed} of {self._count} failed", True)
            raise typer.Exit(_SOME_FAILED)

    def interrupted(self) -> None:
        """Say how far it came.

        Raises:
            typer.Exit: with status 130.
        """
        self._console.write(f"interrupted: {self._reported} of {self._count} were done", True)
        raise typer.Exit(_INTERRUPTED)
