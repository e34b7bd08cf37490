"""Processing of all files of a command: output, manifest and exit status."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Sequence
from contextlib import AbstractContextManager, closing, nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import typer

from aecodec.cli.batch.outcome import Outcome, Work, outcome_of
from aecodec.cli.shared.console import Console, name_of
from aecodec.cli.shared.discovery import STANDARD
from aecodec.cli.shared.file_io import ExistsError, size_of
from aecodec.cli.shared.progress import Bar
from aecodec.errors import AecodecError, errors_about
from aecodec.parallel import Workers, cores

if TYPE_CHECKING:  # loaded only with a manifest
    from aecodec.cli.batch.manifest import Manifest

_SOME_FAILED, _INTERRUPTED = 1, 130

_MANY_FILES, _MANY_BYTES = 200, 100_000
"""Files with which it pays to start other processes, which takes half a second."""

_USUAL_BYTES = 10_000
"""Size of a file whose size is unknown."""

_Outcomes = Generator[tuple[int, Outcome], None, None]
"""Numbers of files, with their outcomes."""


class BatchOptions(NamedTuple):
    """Options of commands that process many files.

    Attributes:
        jobs: maximum number of parallel processes; one per core if None.
        skip_existing: skip files whose result exists, instead of failing.
        manifest: file with the outcome of each file, with which a later run resumes.
        recorded: the options on which results depend, as JSON, for the manifest.
    """

    jobs: int | None = 1
    skip_existing: bool = False
    manifest: Path | None = None
    recorded: str = ""


def run_all(
    console: Console, items: Sequence[Any], work: Work, options: BatchOptions = BatchOptions()
) -> None:
    """Process all files. If one of several files fails, continue with the next.

    Raises AecodecError for the error of a single file, or if the manifest cannot be used, and
    typer.Exit with status 1 if some of several files failed, or 130 after Ctrl-C.
    """
    with console.bar("") as bar, _opened_manifest(options) as manifest:
        if manifest is not None:
            from aecodec.cli.batch.manifest import record_state

            work = partial(record_state, work=work)
        tally = _Tally(console._replace(write=bar.write), len(items), options, manifest)
        waiting = [item for item in items if not tally.is_done(item)]
        if len(items) == 1:
            for item in waiting:
                tally.report_only(
                    item, outcome_of(work, item, console, Workers(progress=bar.update))
                )
            return
        try:
            with closing(_outcomes(work, waiting, console, bar, options)) as done:
                for item, outcome in done:
                    tally.report(item, outcome)
        except KeyboardInterrupt:
            tally.interrupted()
    tally.end()


def _opened_manifest(options: BatchOptions) -> AbstractContextManager[Manifest | None]:
    if options.manifest is None:
        return nullcontext()
    from aecodec.cli.batch.manifest import opened

    return opened(options.manifest, options.recorded)


def _outcomes(
    work: Work, items: Sequence[Any], console: Console, bar: Bar, options: BatchOptions
) -> Generator[tuple[Any, Outcome], None, None]:
    """Yield the files with their outcomes, in order."""
    jobs, reads_a_pipe = options.jobs or cores(), name_of(STANDARD) in map(name_of, items)
    if reads_a_pipe or jobs == 1 or _is_quick(items):
        outcomes = _alone(work, items, console)
    else:
        from aecodec.cli.batch.pool import process_pool  # loads multiprocessing

        pool = process_pool(work, console, min(jobs, len(items)))
        outcomes = _ordered(pool.run(enumerate(items)))
    with closing(outcomes):
        for done, (number, outcome) in enumerate(outcomes, 1):
            bar.update(done, len(items))
            yield items[number], outcome


def _is_quick(items: Sequence[Any]) -> bool:
    """Whether files are so few and small that starting other processes would take longer."""
    sizes = (size_of(Path(name_of(item))) or _USUAL_BYTES for item in items)
    return len(items) < _MANY_FILES and sum(sizes) < _MANY_BYTES


def _alone(work: Work, items: Sequence[Any], console: Console) -> _Outcomes:
    """Process files in this process."""
    for number, item in enumerate(items):
        yield number, outcome_of(work, item, console, Workers())


def _ordered(outcomes: _Outcomes) -> _Outcomes:
    """Outcomes in the order of their numbers."""
    early, due = dict[int, Outcome](), 0
    with closing(outcomes):
        for number, outcome in outcomes:
            early[number] = outcome
            while due in early:
                yield due, early.pop(due)
                due += 1


class _Tally:
    """Prints and records outcomes, and counts failures and existing results."""

    def __init__(
        self, console: Console, count: int, options: BatchOptions, manifest: Manifest | None
    ) -> None:
        self._console, self._count = console, count
        self._options, self._manifest = options, manifest
        self._reported = self._failed = self._existing = 0
        self._warnings = Counter[str]()

    def is_done(self, item: Any) -> bool:
        """Whether the manifest lists a file as done. If so, the file is counted.

        A warning says what has changed since then, and the file is processed again.
        """
        if self._manifest is None or not self._manifest.has(item):
            return False
        if change := self._manifest.change_of(item):
            if not self._console.quiet:
                self._write(item, f"warning: {name_of(item)}: {change}", to_stderr=True)
            return False
        self._reported += 1
        self._existing += 1
        self._console.existing(name_of(item), "the manifest lists it as done")
        return True

    def report(self, item: Any, outcome: Outcome) -> None:
        """Print the outcome of one of several files."""
        error = self._print(item, outcome)
        self._reported += 1
        if error:
            self._failed += 1
            self._console.error(name_of(item), error)

    def report_only(self, item: Any, outcome: Outcome) -> None:
        """Print the outcome of a single file, and raise its error."""
        if error := self._print(item, outcome):
            with errors_about(name_of(item)), self._console.errors_as_json(name_of(item)):
                raise error

    def _print(self, item: Any, outcome: Outcome) -> AecodecError | None:
        """Print the lines of a file, record its outcome in the manifest, and return its error."""
        for text, to_stderr in outcome.lines:
            self._write(item, text, to_stderr)
        if self._options.skip_existing and isinstance(outcome.error, ExistsError):
            self._existing += 1
            self._console.existing(name_of(item), str(outcome.error))
            if self._manifest:
                self._manifest.add_existing(item)
            return None
        if self._manifest:
            self._manifest.add(item, outcome)
        return outcome.error

    def _write(self, item: Any, line: str, to_stderr: bool) -> None:
        """Print a line, unless it is a warning that was printed for another file."""
        warning = line.removeprefix(f"warning: {name_of(item)}: ")
        if warning != line:
            self._warnings[warning] += 1
        if self._warnings[warning] <= 1:
            self._console.write(line, to_stderr)

    def end(self) -> None:
        """Print the counts, and exit with status 1 if a file failed."""
        for warning, count in self._warnings.items():
            if count > 1:
                self._console.note(f"warning: {count - 1} more file{'s' * (count > 2)}: {warning}")
        if self._existing:
            is_unknown = self._options.skip_existing and self._manifest is None
            doubt = ", perhaps with other options, which --manifest compares" * is_unknown
            self._console.note(f"{self._existing} of {self._count} were already done{doubt}")
        if self._failed:
            self._console.write(f"{self._failed} of {self._count} failed", True)
            raise typer.Exit(_SOME_FAILED)

    def interrupted(self) -> None:
        """Print how many files were done, and exit with status 130."""
        self._console.write(f"interrupted: {self._reported} of {self._count} were done", True)
        raise typer.Exit(_INTERRUPTED)
