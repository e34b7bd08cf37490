"""Processing of all files of a command: output and exit status."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import typer

from aecodec.base.errors import AecodecError, errors_about
from aecodec.base.parallel import Workers, cores
from aecodec.cli.batch.outcome import Outcome, Work, outcome_of
from aecodec.cli.shared.console import Console, name_of
from aecodec.cli.shared.discovery import STANDARD
from aecodec.cli.shared.file_io import ExistsError, size_of

_SOME_FAILED, _INTERRUPTED = 1, 130

_MANY_FILES, _MANY_BYTES = 200, 100_000
"""Minimum files and bytes to start more processes, which takes half a second."""

_USUAL_BYTES = 10_000


class BatchOptions(NamedTuple):
    """Number of processes, or None for one per core; and whether to skip existing results."""

    jobs: int | None = 1
    skip_existing: bool = False


def run_all(
    console: Console, items: Sequence[Any], work: Work, options: BatchOptions = BatchOptions()
) -> None:
    """Process all files, even if some fail. Raises the error of a single file, or typer.Exit."""
    with console.bar("") as bar:
        tally = _Tally(console._replace(write=bar.write), len(items), options.skip_existing)
        if len(items) == 1:
            [item] = items
            tally.report_only(item, outcome_of(work, item, console, Workers(progress=bar.update)))
            return
        try:
            with closing(_outcomes(work, items, console, options.jobs or cores())) as outcomes:
                for done, (item, outcome) in enumerate(zip(items, outcomes, strict=True), 1):
                    bar.update(done, len(items))
                    tally.report(item, outcome)
        except KeyboardInterrupt:
            tally.interrupted()
    tally.end()


def _outcomes(
    work: Work, items: Sequence[Any], console: Console, jobs: int
) -> Generator[Outcome, None, None]:
    reads_a_pipe = name_of(STANDARD) in map(name_of, items)
    if reads_a_pipe or jobs == 1 or _is_quick(items):
        for item in items:
            yield outcome_of(work, item, console, Workers())
        return
    from aecodec.cli.batch.pool import outcomes_in_processes  # loads multiprocessing

    yield from outcomes_in_processes(work, items, console, min(jobs, len(items)))


def _is_quick(items: Sequence[Any]) -> bool:
    """Whether files are so few and small that starting more processes would take longer."""
    sizes = (size_of(Path(name_of(item))) or _USUAL_BYTES for item in items)
    return len(items) < _MANY_FILES and sum(sizes) < _MANY_BYTES


class _Tally:
    """Prints outcomes, and counts failures and existing results."""

    def __init__(self, console: Console, count: int, skip_existing: bool) -> None:
        self._console, self._count, self._skip_existing = console, count, skip_existing
        self._reported = self._failed = self._existing = 0
        self._warnings = Counter[str]()

    def report(self, item: Any, outcome: Outcome) -> None:
        error = self._print(item, outcome)
        self._reported += 1
        if error:
            self._failed += 1
            self._console.error(name_of(item), error)

    def report_only(self, item: Any, outcome: Outcome) -> None:
        if error := self._print(item, outcome):
            with errors_about(name_of(item)), self._console.errors_as_json(name_of(item)):
                raise error

    def _print(self, item: Any, outcome: Outcome) -> AecodecError | None:
        """Print the lines of a file, and return its error; None if its result exists."""
        for text, to_stderr in outcome.lines:
            self._write(item, text, to_stderr)
        if self._skip_existing and isinstance(outcome.error, ExistsError):
            self._existing += 1
            self._console.existing(name_of(item), str(outcome.error))
            return None
        return outcome.error

    def _write(self, item: Any, line: str, to_stderr: bool) -> None:
        """Print a line, unless it is a warning that was printed for another file."""
        warning = line.removeprefix(f"warning: {name_of(item)}: ")
        if warning != line:
            self._warnings[warning] += 1
        if self._warnings[warning] <= 1:
            self._console.write(line, to_stderr)

    def end(self) -> None:
        for warning, count in self._warnings.items():
            if count > 1:
                self._console.note(f"warning: {count - 1} more file{'s' * (count > 2)}: {warning}")
        if self._existing:
            skipped = f"skipped {self._existing} of {self._count} files, because the results exist"
            self._console.note(f"{skipped}, perhaps made with different options")
        if self._failed:
            self._console.write(f"{self._failed} of {self._count} files failed", True)
            raise typer.Exit(_SOME_FAILED)

    def interrupted(self) -> None:
        self._console.write(f"interrupted after {self._reported} of {self._count} files", True)
        raise typer.Exit(_INTERRUPTED)
