"""Processing of files in worker processes."""

from __future__ import annotations

import os
import pickle
import signal
import threading
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor
from contextlib import contextmanager
from functools import cache, partial
from multiprocessing import active_children, get_context, parent_process, resource_tracker
from multiprocessing.process import BaseProcess
from typing import Any

from aecodec.base.atomic import end_tidily
from aecodec.base.errors import AecodecError
from aecodec.base.parallel import Workers
from aecodec.cli.batch.outcome import Outcome, Work, outcome_of
from aecodec.cli.shared.console import Console

_ONE_THREAD = Workers(threads=1)
"""Resources of each process if several work in parallel."""

_SECONDS_TO_STOP = 3.0
"""Seconds that processes get to end before they are killed."""

_BLAS_VARIABLES = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")

_DEADLY = (
    "a worker process died: if it ran out of memory, use a lower --jobs. To continue compressing "
    "or decompressing, add --skip-existing"
)

_AHEAD = 16
"""Files per worker that wait for an earlier file, because outcomes come in order."""


def outcomes_in_processes(
    work: Work, items: Sequence[Any], console: Console, jobs: int
) -> Generator[Outcome, None, None]:
    """Process files in worker processes, and yield their outcomes in order.

    Raises AecodecError if a worker dies.
    """
    call = partial(_outcome_of, pickle.dumps(work), console)
    waiting, running = deque(items), deque[Future[Outcome]]()
    with _processes(jobs) as executor:
        try:
            while waiting or running:
                while waiting and len(running) < _AHEAD * jobs:
                    with _blocked():
                        running.append(executor.submit(call, waiting.popleft()))
                yield running.popleft().result()
        except BrokenExecutor as error:
            raise AecodecError(_DEADLY) from error


def _outcome_of(work: bytes, console: Console, item: Any) -> Outcome:
    return outcome_of(_unpickled(work), item, console, _ONE_THREAD)


@cache
def _unpickled(work: bytes) -> Work:
    """The work, unpickled once per worker so that its codec stays loaded."""
    unpickled: Work = pickle.loads(work)
    return unpickled


@contextmanager
def _processes(count: int) -> Iterator[Executor]:
    """Processes until the end of the block; spawned, as threads and locks do not survive a fork."""
    with _single_threaded_blas():
        pool = ProcessPoolExecutor(count, get_context("spawn"), _end_with_parent)
        try:
            yield pool
        except BaseException:
            _end(active_children())
            raise
        finally:
            pool.shutdown(cancel_futures=True)


def _end_with_parent() -> None:
    """Ignore Ctrl-C, which the parent process handles, and end with the parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, end_tidily)
    threading.Thread(target=_wait_for_parent, daemon=True).start()


def _wait_for_parent() -> None:
    parent = parent_process()
    assert parent
    parent.join()
    os._exit(1)


def _end(processes: Sequence[BaseProcess]) -> None:
    """End processes, which remove partially written files; kill those that do not end soon."""
    for process in processes:
        process.terminate()
    for process in processes:
        process.join(_SECONDS_TO_STOP)
        process.kill()


@contextmanager
def _single_threaded_blas() -> Iterator[None]:
    """Start processes with single-threaded BLAS, unless environment variables say otherwise."""
    added = {name: "1" for name in _BLAS_VARIABLES if name not in os.environ}
    os.environ.update(added)
    try:
        yield
    finally:
        for name in added:
            del os.environ[name]


@contextmanager
def _blocked() -> Iterator[None]:
    """Block Ctrl-C for this thread and processes that it starts, if there are signal masks."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # if started in the block, it would reset the mask
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
