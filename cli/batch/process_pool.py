"""Processing files in this process and, if that would take long, in worker processes."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Sequence
from typing import Any

from aecodec.cli.batch.outcome import Outcome, Work, outcome_of
from aecodec.cli.batch.processes import (
    ONE_THREAD,
    EndedError,
    Interrupts,
    WorkerProcess,
    single_threaded_blas,
)
from aecodec.cli.shared.console import Console
from aecodec.parallel import Workers

_WORTHWHILE = 0.5
"""Seconds of remaining work that justify another process. Starting one takes half a second."""

_CHUNK = 0.1
"""Seconds of work that a process gets at once, so that it does not wait between tiny files."""

_POLL_SECONDS = 0.02
"""Seconds between two polls of the other processes."""


Chunk = list[tuple[int, Any]]
"""Files with their numbers in the order of all files."""


class ProcessPool:
    """The main process and worker processes, which all take files from a queue.

    A thread of the main process feeds each worker process.

    `done` is called with the number of finished files and the number of all files.
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
            jobs: maximum number of processes, including the main process.
        """
        self._jobs = min(jobs, self._count)
        self._workers = ONE_THREAD if self._jobs > 1 else Workers()
        with single_threaded_blas(), self._interrupts.noticed():
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
        self._queue.wait(_POLL_SECONDS)

    def _feed_process(self) -> None:
        process = self._new_process() if self._is_worthwhile() else None
        while process and (chunk := self._queue.take(self._chunk_size())):
            if not self._work_in(process, chunk):
                process = self._new_process()

    def _is_worthwhile(self) -> bool:
        """Whether the remaining files will take long. Waits until this is clear."""
        while not self._ended.wait(_POLL_SECONDS) and self._queue.waiting:
            if self._queue.pace * self._queue.waiting >= _WORTHWHILE:
                return True
        return False

    def _chunk_size(self) -> int:
        """Number of files for a process: few towards the end, so that all end together."""
        fair_share = self._queue.waiting // (2 * self._jobs)
        return max(1, min(fair_share, int(_CHUNK / self._queue.pace)))

    def _new_process(self) -> WorkerProcess | None:
        """Start another process; None if it ends immediately or the work is already done."""
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

    def _work_in(self, process: WorkerProcess, chunk: Chunk) -> bool:
        """Process files in a worker process, and return whether it is still running.

        If it dies, the current file fails and the files after it return to the queue.
        """
        process.send([item for _, item in chunk])
        for place, (number, _) in enumerate(chunk):
            try:
                self._finish(number, process.outcome())
            except EndedError as error:
                self._finish(number, Outcome([], error))
                self._queue.give_back(chunk[place + 1 :])
                return False
        return True

    def _finish(self, number: int, outcome: Outcome) -> None:
        self._queue.finish(number, outcome)
        self._done(self._queue.finished, self._count)

    def _end(self) -> None:
        self._queue.drop()
        with self._starting:  # no process is half started
            self._ended.set()
        for process in self._processes:
            process.ask_to_end()
        for process in self._processes:
            process.end()


class WorkQueue:
    """Files to process, and the outcomes of finished files. Threads may share it.

    >>> queue = WorkQueue(["a", "b"])
    >>> queue.take(1)
    [(0, 'a')]
    >>> queue.finish(0, Outcome([]))
    >>> queue.outcome(0) == Outcome([]), queue.outcome(1), queue.finished
    (True, None, 1)
    """

    def __init__(self, items: Sequence[Any]) -> None:
        self._waiting = deque(enumerate(items))
        self._outcomes: dict[int, Outcome] = {}
        self._changed = threading.Condition()
        self._start = time.monotonic()
        self.finished = 0

    def take(self, count: int) -> Chunk:
        """Take up to `count` files; an empty list if no file is waiting."""
        with self._changed:
            return [self._waiting.popleft() for _ in range(min(count, len(self._waiting)))]

    def give_back(self, chunk: Chunk) -> None:
        """Put back files that were not processed."""
        with self._changed:
            self._waiting.extendleft(reversed(chunk))

    def drop(self) -> None:
        """Remove all waiting files."""
        with self._changed:
            self._waiting.clear()

    def finish(self, number: int, outcome: Outcome) -> None:
        """Store the outcome of a file."""
        with self._changed:
            self._outcomes[number] = outcome
            self.finished += 1
            self._changed.notify_all()

    def outcome(self, number: int) -> Outcome | None:
        """Remove and return the outcome of a file; None if it is not done yet."""
        return self._outcomes.pop(number, None)

    def wait(self, seconds: float) -> None:
        """Wait for the next outcome, but not longer than this."""
        with self._changed:
            self._changed.wait(seconds)

    @property
    def waiting(self) -> int:
        """Number of waiting files."""
        return len(self._waiting)

    @property
    def pace(self) -> float:
        """Average seconds per finished file, with all threads working."""
        return (time.monotonic() - self._start) / (self.finished + 1)
