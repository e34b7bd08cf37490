"""Files worked on in parallel: by this process, and by others if one alone would take long."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Sequence
from typing import Any

from aecodec.cli.batch.interrupts import Interrupts
from aecodec.cli.batch.outcome import Outcome, Work, outcome_of
from aecodec.cli.batch.processes import (
    ONE_THREAD,
    EndedError,
    WorkerProcess,
    one_blas_thread_each,
)
from aecodec.cli.batch.work_queue import Taken, WorkQueue
from aecodec.cli.shared.console import Console
from aecodec.parallel import Workers

_WORTHWHILE = 0.5
"""Seconds of work left for which another process is started, which takes half a second itself."""

_CHUNK = 0.1
"""Seconds of work that a process gets at once: between tiny files it would wait for the next."""

_LOOK = 0.02
"""Seconds between two polls of what the others did."""


class ProcessPool:
    """Processes that each take the next files when they have done their last ones.

    This process is one of them; each other one is fed by a thread here.

    Args:
        work: what is done for each file.
        items: the files.
        console: how it reports.
        done: called with the number of files that are done, and of all.
    """

    def __init__(
        self, work: Work, items: Sequence[Any], console: Console, done: Callable[[int, int], None]
    ) -> None:
        self._work, self._console, self._done = work, console, done
        self._count = len(items)
        self._queue = WorkQueue(items)
        self._processes: list[WorkerProcess] = []
        self._interrupts = Interrupts()
        self._starting = threading.Lock()
        self._ended = threading.Event()

    def run(self, jobs: int) -> Generator[Outcome, None, None]:
        """Yield the outcomes in the order of the files.

        Args:
            jobs: number of processes at most, with this one.
        """
        self._jobs = min(jobs, self._count)
        self._workers = ONE_THREAD if self._jobs > 1 else Workers()
        with one_blas_thread_each(), self._interrupts.noticed():
            for _ in range(self._jobs - 1):
                threading.Thread(target=self._feed_process, daemon=True).start()
            try:
                yield from self._outcomes()
            finally:
                self._end()

    def _outcomes(self) -> Generator[Outcome, None, None]:
        for number in range(self._count):
            while (outcome := self._queue.outcome(number)) is None:
                self._work_or_wait()
                self._interrupts.check()
            yield outcome

    def _work_or_wait(self) -> None:
        for number, item in self._queue.take(1):
            self._finish(number, outcome_of(self._work, item, self._console, self._workers))
            return
        self._queue.wait(_LOOK)

    def _feed_process(self) -> None:
        process = self._new_process() if self._is_worthwhile() else None
        while process and (taken := self._queue.take(self._chunk())):
            if not self._work_in(process, taken):
                process = self._new_process()

    def _is_worthwhile(self) -> bool:
        """Wait until it is clear whether the remaining files will take long."""
        while not self._ended.wait(_LOOK) and self._queue.waiting:
            if self._queue.pace * self._queue.waiting >= _WORTHWHILE:
                return True
        return False

    def _chunk(self) -> int:
        """Number of files for one process: few towards the end, so that all end together."""
        fair = self._queue.waiting // (2 * self._jobs)
        return max(1, min(fair, int(_CHUNK / self._queue.pace)))

    def _new_process(self) -> WorkerProcess | None:
        """Start another process; None if it ends at once, or if it comes too late."""
        with self._starting:
            if self._ended.is_set():
                return None
            process = WorkerProcess(self._work, self._console)
            self._processes.append(process)
        try:
            process.wait_until_ready()
        except EndedError:
            return None
        return process

    def _work_in(self, process: WorkerProcess, taken: Taken) -> bool:
        """Let a process work on files, and tell whether it is still there afterwards.

        The file on which it ends fails; those after it wait again.
        """
        process.send([item for _, item in taken])
        for place, (number, _) in enumerate(taken):
            try:
                self._finish(number, process.outcome())
            except EndedError as error:
                self._finish(number, Outcome([], error))
                self._queue.give_back(taken[place + 1 :])
                return False
        return True

    def _finish(self, number: int, outcome: Outcome) -> None:
        self._queue.finish(number, outcome)
        self._done(self._queue.finished, self._count)

    def _end(self) -> None:
        self._queue.drop()
        with self._starting:  # none is half started
            self._ended.set()
        for process in self._processes:
            process.ask_to_end()
        for process in self._processes:
            process.end()
