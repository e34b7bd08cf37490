"""Worker processes, and Ctrl-C while they run."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing import get_context, resource_tracker
from multiprocessing.connection import Connection
from types import FrameType
from typing import Any

from aecodec.atomic import tidy_termination
from aecodec.cli.batch.outcome import Work, outcome_of
from aecodec.cli.shared.console import Console
from aecodec.errors import AecodecError
from aecodec.parallel import Workers

ONE_THREAD = Workers(threads=1)
"""Resources of each process if several work in parallel."""

_BLAS_VARIABLES = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
_SECONDS_TO_STOP = 3.0


class EndedError(AecodecError):
    """A worker process ended before its work was done."""


class WorkerProcess:
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

        Raises EndedError if the process ended before.
        """
        try:
            return self._connection.recv()
        except Exception as error:  # unpickling an incomplete message may raise anything
            self.end()
            raise EndedError(
                f"the process that worked on it ended ({self._process.exitcode}); if it ran out of "
                "memory, use --jobs 1"
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


class Interrupts:
    """Remembers Ctrl-C, because imports of libraries may swallow the KeyboardInterrupt."""

    def __init__(self) -> None:
        self._noticed = False

    def check(self) -> None:
        """Raise KeyboardInterrupt if Ctrl-C was pressed at any time before."""
        if self._noticed:
            raise KeyboardInterrupt

    def _notice(self, number: int, frame: FrameType | None) -> None:
        self._noticed = True
        raise KeyboardInterrupt

    @contextmanager
    def noticed(self) -> Iterator[None]:
        """Notice Ctrl-C in the block. Only the main thread can; others do nothing."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        handler = signal.signal(signal.SIGINT, self._notice)
        try:
            yield
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
