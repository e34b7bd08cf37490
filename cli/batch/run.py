"""Processing of all files of a command: output, manifest and exit status."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Sequence
from contextlib import AbstractContextManager, closing, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import typer

from aecodec.cli.batch.outcome import Outcome, Work, outcome_of
from aecodec.cli.shared.console import Console, name_of
from aecodec.cli.shared.discovery import STANDARD
from aecodec.cli.shared.file_io import ExistsError
from aecodec.cli.shared.progress import Bar
from aecodec.errors import AecodecError
from aecodec.parallel import Workers, cores

if TYPE_CHECKING:  # loaded only with a manifest
    from aecodec.cli.batch.manifest import Manifest

_SOME_FAILED, _INTERRUPTED = 1, 130


class BatchOptions(NamedTuple):
    """Options of commands that process many files.

    Attributes:
        jobs: maximum number of parallel processes; one per core if None.
        skip_existing: skip files whose result exists, instead of failing.
        manifest: file with the outcome of each file, with which a later run resumes.
        scheduler: address of the scheduler of a Dask cluster; None to use this machine.
        force: overwrite stacks that the manifest lists with other pictures.
        level: level for all files; finished files with another level cause a warning.
    """

    jobs: int | None = 1
    skip_existing: bool = False
    manifest: Path | None = None
    scheduler: str | None = None
    force: bool = False
    level: float | None = None

    def opened_manifest(self) -> AbstractContextManager[Manifest | None]:
        """The opened manifest; None if there is none."""
        if self.manifest is None:
            return nullcontext()
        from aecodec.cli.batch.manifest import opened

        return opened(self.manifest)


def run_all(
    console: Console, items: Sequence[Any], work: Work, options: BatchOptions = BatchOptions()
) -> None:
    """Process all files. If one of several files fails, continue with the next.

    Raises AecodecError for the error of a single file, or if the manifest cannot be used, and
    typer.Exit with status 1 if some of several files failed, or 130 after Ctrl-C.
    """
    with console.bar("") as bar, options.opened_manifest() as manifest:
        if manifest:
            manifest.check_stacks(items, options.force)
        tally = _Tally(console._replace(write=bar.write), len(items), options, manifest)
        waiting = [item for item in items if not tally.is_done(item)]
        if len(items) == 1:
            for item in waiting:
                outcome = outcome_of(work, item, console, Workers(progress=bar.update))
                tally.report_only(item, outcome)
            return
        try:
            with closing(_outcomes(work, waiting, console, bar, options)) as done:
                for item, outcome in done:
                    tally.report(item, outcome)
        except KeyboardInterrupt:
            tally.interrupted()
    tally.end()


def _outcomes(
    work: Work, items: Sequence[Any], console: Console, bar: Bar, options: BatchOptions
) -> Generator[tuple[Any, Outcome], None, None]:
    """Yield the files with their outcomes, in order; from a cluster, as they are done."""
    jobs = options.jobs or cores()
    reads_a_pipe = any(getattr(item, "source", item) == STANDARD for item in items)
    if options.scheduler and items and not reads_a_pipe:
        yield from _on_a_cluster(work, items, console, bar, options.scheduler, jobs)
        return
    from aecodec.cli.batch.process_pool import ProcessPool  # loads multiprocessing

    pool = ProcessPool(work, items, console, bar.update)
    with closing(pool.run(1 if reads_a_pipe else jobs)) as outcomes:
        yield from zip(items, outcomes, strict=True)


def _on_a_cluster(
    work: Work, items: Sequence[Any], console: Console, bar: Bar, scheduler: str, jobs: int
) -> Generator[tuple[Any, Outcome], None, None]:
    from aecodec.cli.batch.cluster import Cluster, connected

    with connected(scheduler, jobs) as client:
        yield from Cluster(client, work, console, bar.update).run(items)


class _Tally:
    """Prints and records outcomes, and counts failures and existing results."""

    def __init__(
        self, console: Console, count: int, options: BatchOptions, manifest: Manifest | None
    ) -> None:
        self._console, self._count, self._manifest = console, count, manifest
        self._skip_existing, self._level = options.skip_existing, options.level
        self._reported = self._failed = self._existing = 0
        self._skipped: list[str] = []
        self._warnings = Counter[str]()

    def is_done(self, item: Any) -> bool:
        """Whether the manifest lists a file as done. If so, the file is counted."""
        if self._manifest is None or not self._manifest.has(item):
            return False
        self._reported += 1
        self._existing += 1
        self._console.existing(name_of(item), "the manifest lists it as done")
        self._warn_about_level(item, self._manifest.level_of(item))
        return True

    def _warn_about_level(self, item: Any, level: float | None) -> None:
        """Warn if a finished file has another level than the command's."""
        if level is None or self._level is None or level == self._level:
            return
        beginning = f"warning: {name_of(item)}: "
        line = (
            f"{beginning}already done at level {level:g}, not {self._level:g}: to compress it at "
            "another level, use another -o and another --manifest"
        )
        if not self._is_repeated(line, beginning):
            self._console.note(line)

    def report(self, item: Any, outcome: Outcome) -> None:
        """Print the outcome of one of several files."""
        name = name_of(item)
        self._print(item, outcome)
        self._reported += 1
        if outcome.is_skipped:
            self._skipped.append(name)
        if outcome.error and not self._is_existing(outcome.error):
            self._failed += 1
            self._console.error(name, outcome.error)

    def report_only(self, item: Any, outcome: Outcome) -> None:
        """Print the outcome of a single file, and raise its error."""
        self._print(item, outcome)
        name, error = name_of(item), outcome.error
        if error and not self._is_existing(error):
            self._console.error_as_json(name, error)
            raise type(error)(f"{name}: {error}") from error

    def _print(self, item: Any, outcome: Outcome) -> None:
        """Print the lines of a file, and record its outcome in the manifest."""
        for text, to_stderr in outcome.lines:
            if not self._is_repeated(text, f"warning: {name_of(item)}: "):
                self._console.write(text, to_stderr)
        if self._is_existing(outcome.error):
            self._existing += 1
            self._console.existing(name_of(item), str(outcome.error))
            if self._manifest:
                self._manifest.add_existing(item)
        elif self._manifest:
            self._manifest.add(item, outcome)

    def _is_repeated(self, line: str, beginning: str) -> bool:
        """Whether a line is a warning of a file that was printed for another file."""
        if not line.startswith(beginning):
            return False
        warning = line.removeprefix(beginning)
        self._warnings[warning] += 1
        return self._warnings[warning] > 1

    def _is_existing(self, error: AecodecError | None) -> bool:
        return self._skip_existing and isinstance(error, ExistsError)

    def end(self) -> None:
        """Print the counts, and exit with status 1 if a file failed."""
        for warning, count in self._warnings.items():
            if count > 1:
                self._console.note(f"warning: {count - 1} more files: {warning}")
        if len(self._skipped) > 1:
            self._console.note(f"{len(self._skipped)} skipped: {', '.join(self._skipped)}")
        if self._existing:
            self._console.note(f"{self._existing} of {self._count} were already done")
        if self._failed:
            self._console.write(f"{self._failed} of {self._count} failed", True)
            raise typer.Exit(_SOME_FAILED)

    def interrupted(self) -> None:
        """Print how many files were done, and exit with status 130."""
        self._console.write(f"interrupted: {self._reported} of {self._count} were done", True)
        raise typer.Exit(_INTERRUPTED)
