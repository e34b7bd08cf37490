"""Processing of files in this process and, if that would take long, in worker processes."""

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

    A thread of the main process feeds each worker process. `done` is called with the number of
    finished files and the number of all files.
    """

    def __init__(
        self, work: Work, items: Sequence[Any], console: Console, done: Callable[[int, int], None]
    ) -> None:
        self._work, self._console, self._done = work, console, done
        self._count, self._finished = len(items), 0
        self._waiting = deque(enumerate(items))
        self._outcomes: dict[int, Outcome] = {}
        self._changed = threading.Condition()
        self._start = time.monotonic()
        self._processes: list[WorkerProcess] = []
        self._interrupts = Interrupts()
        self._starting = threading.Lock()
        self._ended = threading.Event()

    def run(self, jobs: int) -> Generator[Outcome, None, None]:
        """Yield the outcomes in the order of the files.

        At most `jobs` processes work, including the main process.
        """
        self._jobs = min(jobs, self._count)
        self._workers = ONE_THREAD if self._jobs > 1 else Workers()
        with single_threaded_blas(), self._interrupts.noticed():
            for _ in range(self._jobs - 1):
                threading.Thread(target=self._feed_process, daemon=True).start()
            try:
                for number in range(self._count):
                    while number not in self._outcomes:
                        self._work_or_wait()
                        self._interrupts.check()
                    yield self._outcomes.pop(number)
            finally:
                self._end()

    def _work_or_wait(self) -> None:
        for number, item in self._take(1):
            self._finish(number, outcome_of(self._work, item, self._console, self._workers))
            return
        with self._changed:
            self._changed.wait(_POLL_SECONDS)

    def _take(self, count: int) -> Chunk:
        with self._changed:
            return [self._waiting.popleft() for _ in range(min(count, len(self._waiting)))]

    def _finish(self, number: int, outcome: Outcome) -> None:
        with self._changed:
            self._outcomes[number] = outcome
            self._finished += 1
            self._done(self._finished, self._count)
            self._changed.notify_all()

    def _feed_process(self) -> None:
        process = self._new_process() if self._is_worthwhile() else None
        while process and (chunk := self._take(self._chunk_size())):
            if not self._work_in(process, chunk):
                process = self._new_process()

    def _seconds_per_file(self) -> float:
        """Average of the finished files, with all processes working."""
        return (time.monotonic() - self._start) / (self._finished + 1)

    def _is_worthwhile(self) -> bool:
        """Whether the remaining files will take long. Waits until this is clear."""
        while not self._ended.wait(_POLL_SECONDS) and self._waiting:
            if self._seconds_per_file() * len(self._waiting) >= _WORTHWHILE:
                return True
        return False

    def _chunk_size(self) -> int:
        """Number of files for a process: few towards the end, so that all end together."""
        fair_share = len(self._waiting) // (2 * self._jobs)
        return max(1, min(fair_share, int(_CHUNK / self._seconds_per_file())))

    def _new_process(self) -> WorkerProcess | None:
        """Start another process; None if it ends immediately or the work is already done."""
        with self._starting:
            if self._ended.is_set():
                return None
            process = WorkerProcess(self._work, self._console)
            self._processes.append(process)
        try:
            process.receive()  # it has loaded its libraries
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
                self._finish(number, process.receive())
            except EndedError as error:
                self._finish(number, Outcome([], error))
                with self._changed:
                    self._waiting.extendleft(reversed(chunk[place + 1 :]))
                return False
        return True

    def _end(self) -> None:
        with self._changed:
            self._waiting.clear()
        with self._starting:  # no process is half started
            self._ended.set()
        for process in self._processes:
            process.ask_to_end()
        for process in self._processes:
            process.end()
