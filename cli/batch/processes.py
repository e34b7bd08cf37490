"""Further processes that work on files."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any

from aecodec.atomic.termination import tidy_termination
from aecodec.cli.batch.interrupts import blocked
from aecodec.cli.batch.outcome import Outcome, Work, outcome_of
from aecodec.cli.shared.console import Console
from aecodec.errors import AecodecError
from aecodec.parallel import Workers

ONE_THREAD = Workers(threads=1)
"""For each process of several that work side by side."""

_BLAS_VARIABLES = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
_SECONDS_TO_STOP = 3.0


class EndedError(AecodecError):
    """A process that ended before its work did."""


class WorkerProcess:
    """A process that waits for files, and gives one outcome for each, in their order.

    It is started anew, not forked: threads and locks of this process do not live on in a fork.

    Args:
        work: what is done for each file.
        console: how it reports.
    """

    def __init__(self, work: Work, console: Console) -> None:
        context = get_context("spawn")
        self._connection, other = context.Pipe()
        self._process = context.Process(target=_serve, args=(other, work, console), daemon=True)
        with blocked():
            self._process.start()
        other.close()

    def wait_until_ready(self) -> None:
        """Wait until it has loaded what it needs.

        Raises:
            EndedError: it has ended before.
        """
        self._receive()

    def send(self, items: Sequence[Any]) -> None:
        """Give it files to work on; if it has ended, the outcomes will tell."""
        with suppress(OSError):
            self._connection.send(items)

    def outcome(self) -> Outcome:
        """Wait for the outcome of the next file.

        Raises:
            EndedError: it has ended, while it worked on this file.
        """
        received: Outcome = self._receive()
        return received

    def _receive(self) -> Any:
        try:
            return self._connection.recv()
        except Exception as error:  # whatever half a message leads to
            raise self._ended() from error

    def _ended(self) -> EndedError:
        self._process.join(_SECONDS_TO_STOP)
        self._process.kill()
        return EndedError(
            f"the process that worked on it ended ({self._process.exitcode}); if memory ran out, "
            "--jobs 1 needs the least"
        )

    def ask_to_end(self) -> None:
        """Let it end; a file that it is writing is cleaned away."""
        self._process.terminate()

    def end(self) -> None:
        """Wait until it has ended, but not for long."""
        self._process.join(_SECONDS_TO_STOP)
        self._process.kill()


@contextmanager
def one_blas_thread_each() -> Iterator[None]:
    """Processes that start in the block run BLAS with one thread, unless the user wants more."""
    added = {name: "1" for name in _BLAS_VARIABLES if name not in os.environ}
    os.environ.update(added)
    try:
        yield
    finally:
        for name in added:
            del os.environ[name]


def _serve(connection: Connection[Any, Any], work: Work, console: Console) -> None:
    """Work on files until the other end of the connection is closed, as it is when that ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with tidy_termination(), suppress(EOFError, BrokenPipeError):
        connection.send(None)  # ready
        while True:
            for item in connection.recv():
                connection.send(outcome_of(work, item, console, ONE_THREAD))
