"""Processing of files in this process and, if that would take long, in worker processes."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing import get_context, resource_tracker
from multiprocessing.connection import Connection
from types import FrameType
from typing import Any

from aecodec.atomic import tidy_termination
from aecodec.cli.batch.outcome import Outcome, Work, outcome_of
from aecodec.cli.shared.console import Console
from aecodec.errors import AecodecError
from aecodec.parallel import Workers

ONE_THREAD = Workers(threads=1)
"""Resources of each process if several work in parallel."""

_WORTHWHILE = 0.5
"""Seconds of remaining work that justify another process. Starting one takes half a second."""

_CHUNK = 0.1
"""Seconds of work that a process gets at once, so that it does not wait between tiny files."""

_POLL_SECONDS = 0.02
"""Seconds between two polls of the other processes."""

_SECONDS_TO_STOP = 3.0
"""Seconds that a process gets to end before it is killed."""

_BLAS_VARIABLES = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")

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
        self._processes: list[_WorkerProcess] = []
        self._starting = threading.Lock()
        self._ended = threading.Event()

    def run(self, jobs: int) -> Generator[Outcome, None, None]:
        """Yield the outcomes in the order of the files.

        At most `jobs` processes work, including the main process.
        """
        self._jobs = min(jobs, self._count)
        self._workers = ONE_THREAD if self._jobs > 1 else Workers()
        with single_threaded_blas(), _noticed_interrupts() as interrupts:
            for _ in range(self._jobs - 1):
                threading.Thread(target=self._feed_process, daemon=True).start()
            try:
                for number in range(self._count):
                    while number not in self._outcomes:
                        self._work_or_wait()
                        if interrupts:
                            raise KeyboardInterrupt
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

    def _new_process(self) -> _WorkerProcess | None:
        """Start another process; None if it ends immediately or the work is already done."""
        with self._starting:
            if self._ended.is_set():
                return None
            process = _WorkerProcess(self._work, self._console)
            self._processes.append(process)
        try:
            process.receive()  # it has loaded its libraries
        except _EndedError:
            return None
        return process

    def _work_in(self, process: _WorkerProcess, chunk: Chunk) -> bool:
        """Process files in a worker process, and return whether it is still running.

        If it dies, the current file fails and the files after it return to the queue.
        """
        process.send([item for _, item in chunk])
        for place, (number, _) in enumerate(chunk):
            try:
                self._finish(number, process.receive())
            except _EndedError as error:
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


class _EndedError(AecodecError):
    """A worker process ended before its work was done."""


class _WorkerProcess:
    """A process that receives files and returns their outcomes in order.

    It is spawned, not forked, because threads and locks do not survive a fork.
    """

    def __init__(self, work: Work, console: Console) -> None:
        context = get_context("spawn")
        self._connection, remote_end = context.Pipe()
        self._process = context.Process(
            target=_serve, args=(remote_end, work, console), daemon=True
        )
        with blocked():
            self._process.start()
        remote_end.close()

    def send(self, items: Sequence[Any]) -> None:
        """Send files to the process. If it has ended, `receive` will raise the error."""
        with suppress(OSError):
            self._connection.send(items)

    def receive(self) -> Any:
        """Wait for the next outcome; the first is None, when the process is ready.

        Raises _EndedError if the process ended before.
        """
        try:
            return self._connection.recv()
        except Exception as error:  # unpickling an incomplete message may raise anything
            self.end()
            raise _EndedError(
                f"its worker process ended with exit code {self._process.exitcode}; if it ran out "
                "of memory, use --jobs 1"
            ) from error

    def ask_to_end(self) -> None:
        """Ask the process to end. It removes a partially written file."""
        self._process.terminate()

    def end(self) -> None:
        """Wait up to three seconds for the process to end, then kill it."""
        self._process.join(_SECONDS_TO_STOP)
        self._process.kill()


@contextmanager
def single_threaded_blas() -> Iterator[None]:
    """Start processes with single-threaded BLAS, unless environment variables say otherwise."""
    added = {name: "1" for name in _BLAS_VARIABLES if name not in os.environ}
    os.environ.update(added)
    try:
        yield
    finally:
        for name in added:
            del os.environ[name]


def _serve(connection: Connection[Any, Any], work: Work, console: Console) -> None:
    """Process files until the parent process closes the connection or ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with tidy_termination(), suppress(EOFError, ConnectionError):  # unread results
        connection.send(None)  # ready
        while True:
            for item in connection.recv():
                connection.send(outcome_of(work, item, console, ONE_THREAD))


@contextmanager
def _noticed_interrupts() -> Iterator[list[int]]:
    """Collect the numbers of Ctrl-C signals, whose KeyboardInterrupt an import may swallow.

    Only the main thread notices them.
    """
    noticed: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield noticed
        return

    def notice(number: int, _: FrameType | None) -> None:
        noticed.append(number)
        raise KeyboardInterrupt

    handler = signal.signal(signal.SIGINT, notice)
    try:
        yield noticed
    finally:
        signal.signal(signal.SIGINT, handler)


@contextmanager
def blocked() -> Iterator[None]:
    """Block Ctrl-C for this thread and for processes that it starts; the main thread ends them.

    Windows has no signal masks. There, worker processes ignore Ctrl-C once they run.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # if started in the block, it would reset the mask
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
