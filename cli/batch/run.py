"""Running a command on all its files: what is printed of each, and the exit status."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from aecodec.cli.batch.outcome import Outcome, Work, outcome_of
from aecodec.cli.shared.console import Console, name_of
from aecodec.cli.shared.files import ExistsError
from aecodec.cli.shared.found import STANDARD
from aecodec.cli.shared.progress import Bar
from aecodec.errors import AecodecError
from aecodec.parallel import Workers, cores

if TYPE_CHECKING:  # which a call without a manifest need not load
    from aecodec.cli.batch.manifest import Manifest

_SOME_FAILED, _INTERRUPTED = 1, 130


@dataclass(frozen=True)
class BatchOptions:
    """How all files of a call are worked on; an attribute is an option of the commands.

    Attributes:
        jobs: number of processes that work side by side at most; one per core if None.
        skip_existing: count results that exist already, instead of failing for them.
        manifest: file that notes the outcome of each file, so that a later call can go on.
        scheduler: address of the scheduler of a Dask cluster that works on several files; None for
            processes of this machine.
    """

    jobs: int | None = 1
    skip_existing: bool = False
    manifest: Path | None = None
    scheduler: str | None = None

    def opened_manifest(self) -> AbstractContextManager[Manifest | None]:
        """The manifest for the block, if there is one."""
        if self.manifest is None:
            return nullcontext()
        from aecodec.cli.batch.manifest import opened

        return opened(self.manifest)


def run_all(
    console: Console, items: Sequence[Any], work: Work, options: BatchOptions = BatchOptions()
) -> None:
    """Do the work for each file, and go on past those that fail.

    Args:
        console: how the command reports.
        items: the files.
        work: what is done for each.
        options: how they are worked on.

    Raises:
        AecodecError: the error of the file, if it is the only one; or the manifest cannot be used.
        typer.Exit: with status 1, if some of several failed; with 130, if Ctrl-C ended it.
    """
    with console.bar("") as bar, options.opened_manifest() as manifest:
        tally = _Tally(
            replace(console, write=bar.write), len(items), options.skip_existing, manifest
        )
        waiting = [item for item in items if not tally.is_done(item)]
        if len(items) == 1:
            for item in waiting:
                outcome = outcome_of(work, item, console, Workers(progress=bar.update))
                tally.report_only(item, outcome)
            return
        try:
            with closing(_side_by_side(work, waiting, console, bar, options)) as done:
                for item, outcome in done:
                    tally.report(item, outcome)
        except KeyboardInterrupt:
            tally.interrupted()
    tally.end()


def _side_by_side(
    work: Work, items: Sequence[Any], console: Console, bar: Bar, options: BatchOptions
) -> Generator[tuple[Any, Outcome], None, None]:
    """Yield the files with what came of them, in their order; from a cluster, as they are done."""
    jobs = options.jobs or cores()
    reads_a_pipe = any(getattr(item, "source", item) == STANDARD for item in items)
    if options.scheduler and items and not reads_a_pipe:
        yield from _on_a_cluster(work, items, console, bar, options.scheduler, jobs)
        return
    # It loads multiprocessing, which one file does not need.
    from aecodec.cli.batch.process_pool import ProcessPool

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
    """Reports and notes outcomes, and counts those that failed and that were there already."""

    def __init__(
        self, console: Console, count: int, skip_existing: bool, manifest: Manifest | None
    ) -> None:
        self._console, self._count, self._skip_existing = console, count, skip_existing
        self._manifest = manifest
        self._reported = self._failed = self._existing = 0
        self._left_alone: list[str] = []

    def is_done(self, item: Any) -> bool:
        """Whether the manifest has a file as done; such a file is counted."""
        if self._manifest is None or not self._manifest.has(item):
            return False
        self._reported += 1
        self._existing += 1
        self._console.existing(name_of(item), "the manifest has it as done")
        return True

    def report(self, item: Any, outcome: Outcome) -> None:
        """Print what came of a file, and go on."""
        name = name_of(item)
        self._print(item, outcome)
        self._reported += 1
        if outcome.is_left_alone:
            self._left_alone.append(name)
        if outcome.error and not self._is_existing(outcome.error):
            self._failed += 1
            self._console.error(name, outcome.error)

    def report_only(self, item: Any, outcome: Outcome) -> None:
        """Print what came of the one file of a call.

        Raises:
            AecodecError: its error, which is that of the call.
        """
        self._print(item, outcome)
        name, error = name_of(item), outcome.error
        if error and not self._is_existing(error):
            self._console.error_as_json(name, error)
            raise type(error)(f"{name}: {error}") from error

    def _print(self, item: Any, outcome: Outcome) -> None:
        """Print the lines of a file, and note in the manifest what came of it."""
        for text, to_stderr in outcome.lines:
            self._console.write(text, to_stderr)
        if self._is_existing(outcome.error):
            self._existing += 1
            self._console.existing(name_of(item), str(outcome.error))
            if self._manifest:
                self._manifest.add_existing(item)
        elif self._manifest:
            self._manifest.add(item, outcome)

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
