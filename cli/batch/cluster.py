"""Files shared out to the workers of a Dask cluster."""

from __future__ import annotations

import logging
import pickle
import time
from asyncio import CancelledError
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent import futures
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from aecodec.cli.batch.interrupts import blocked
from aecodec.cli.batch.outcome import Outcome, Work, outcome_of
from aecodec.cli.batch.processes import ONE_THREAD, one_blas_thread_each
from aecodec.cli.shared.console import Console
from aecodec.errors import AecodecError
from aecodec.parallel import COMPUTE_LOCK

if TYPE_CHECKING:
    from distributed import Client, Future

LOCAL = "local"
"""Stands for the address of a scheduler where one is to be started here."""

_MOST = 32
"""Files of a task at most: a worker that dies costs that many a second try."""

_ROUNDS = 16
"""Tasks for each thread of a worker, if the files are that many, so that all end together."""

_WINDOW = 1000
"""Tasks that the scheduler has at once."""

_ANY_PORT = "127.0.0.1:0"
"""Where the scheduler of this machine answers about itself: 8787 may be another one's."""

_PATIENCE = 600
"""Seconds without a result after which a call ends if there are no workers: clusters that grow as
they are needed take minutes."""

_LOOK = 0.02
"""Seconds between two polls of what the workers did."""

_SETTINGS = {
    "distributed.comm.timeouts.connect": "600s",  # a busy machine takes long to start a worker
    "distributed.worker.profile.enabled": False,  # which looks at each worker 100 times a second
}

_DEADLY = AecodecError("the workers that it was given to ended; if memory ran out, give them more")

_AT_ONCE = 4
"""Files that a worker has in hand: it computes for one, while others are read from an object store
or written to it."""


class Cluster:
    """The workers of a Dask cluster.

    The scheduler gives the files of a worker that dies to another one.

    Args:
        client: the connection to the scheduler.
        work: what is done for each file.
        console: how it reports.
        done: called with the number of files that are done, and of all.
    """

    def __init__(
        self, client: Client, work: Work, console: Console, done: Callable[[int, int], None]
    ) -> None:
        from distributed import as_completed

        self._client, self._console, self._done = client, console, done
        self._work = pickle.dumps(work)
        self._running = as_completed(loop=client.loop)
        self._tasks: dict[str, Sequence[Any]] = {}
        self._suspects: list[Any] = []

    def run(self, items: Sequence[Any]) -> Generator[tuple[Any, Outcome], None, None]:
        """Yield each file with its outcome, as soon as that is known.

        Raises:
            AecodecError: the scheduler has ended, or has had no workers for long.
        """
        done = chain(self._side_by_side(items), self._one_by_one())
        for count, (item, outcome) in enumerate(done, 1):
            self._done(count, len(items))
            yield item, outcome

    def _side_by_side(self, items: Sequence[Any]) -> Iterator[tuple[Any, Outcome]]:
        """What came of files, except for those of tasks on which workers died."""
        size = self._files_per_task(len(items))
        tasks = (items[at : at + size] for at in range(0, len(items), size))
        for task in islice(tasks, _WINDOW):
            self._begin(task)
        for future in self._ended():
            task, outcomes = self._finish(future)
            if outcomes is None:
                self._suspects.extend(task)
            else:
                yield from zip(task, outcomes, strict=True)
            for waiting in islice(tasks, 1):
                self._begin(waiting)

    def _one_by_one(self) -> Iterator[tuple[Any, Outcome]]:
        """What came of the other files; the one on which workers die again fails alone."""
        for item in self._suspects:
            self._begin([item])
            for future in self._ended():
                _, outcomes = self._finish(future)
                yield item, outcomes[0] if outcomes else Outcome([], _DEADLY)

    def _files_per_task(self, count: int) -> int:
        threads = sum(self._client.nthreads().values())
        return min(max(1, count // (_ROUNDS * max(1, threads))), _MOST)

    def _begin(self, task: Sequence[Any]) -> None:
        future = self._client.submit(_outcomes_of, self._work, task, self._console, pure=False)
        self._tasks[future.key] = task
        self._running.add(future)

    def _ended(self) -> Iterator[Future]:
        """The tasks that end, until none is left."""
        last = time.monotonic()
        while not self._running.is_empty():
            if self._running.has_ready():
                yield next(self._running)
                last = time.monotonic()
            elif time.monotonic() - last > _PATIENCE:
                self._check_workers()
                last = time.monotonic()
            else:
                time.sleep(_LOOK)

    def _check_workers(self) -> None:
        """Check that there are workers, where nothing has ended for long.

        Raises:
            AecodecError: there are none.
        """
        if not self._client.nthreads():
            raise AecodecError(
                f"the scheduler has no workers, and nothing was done for {_PATIENCE} seconds: "
                "start workers, and give the same call again"
            )

    def _finish(self, future: Future) -> tuple[Sequence[Any], Sequence[Outcome] | None]:
        """The files of a task, and what came of them; None if workers died on it."""
        from distributed import KilledWorker

        task = self._tasks.pop(future.key)
        try:
            return task, future.result()
        except KilledWorker:
            return task, None
        except (CancelledError, futures.CancelledError) as error:
            raise AecodecError("the scheduler has ended: give the same call again") from error


@contextmanager
def connected(address: str, jobs: int) -> Iterator[Client]:
    """The connection to a scheduler for the block.

    Args:
        address: its address, such as `tcp://10.0.0.1:8786`; or `local` for one that is started
            here.
        jobs: number of workers that are started with it.

    Raises:
        AecodecError: there is none at this address, or Dask is not installed.
    """
    try:
        from distributed import Client
    except ImportError as error:
        raise AecodecError(
            f"--scheduler needs Dask ({error}): pip install 'aecodec[distributed]'"
        ) from error
    if address == LOCAL:
        with _started(jobs) as cluster, Client(cluster) as client:
            yield client
        return
    try:
        client = Client(address)
    except (OSError, ValueError) as error:
        raise AecodecError(f"no scheduler of Dask at {address}: {error}") from error
    with client:
        yield client


@contextmanager
def _started(workers: int) -> Iterator[Any]:
    """A scheduler and workers of this machine, which Ctrl-C does not reach by itself."""
    import dask
    from distributed import LocalCluster

    with one_blas_thread_each():
        with blocked(), dask.config.set(_SETTINGS):
            cluster = LocalCluster(
                n_workers=workers,
                threads_per_worker=1,
                memory_limit=0,
                dashboard_address=None,
                scheduler_kwargs={"dashboard_address": _ANY_PORT},
                silence_logs=logging.CRITICAL,
            )
        with cluster:
            yield cluster


def _outcomes_of(work: bytes, items: Sequence[Any], console: Console) -> list[Outcome]:
    """Work on files in a worker."""

    def outcome(item: Any) -> Outcome:
        with COMPUTE_LOCK:
            return outcome_of(_unpickled(work), item, console, ONE_THREAD)

    return list(_threads().map(outcome, items))


@cache
def _threads() -> ThreadPoolExecutor:
    """The threads of a worker for its files, of which one computes at a time."""
    return ThreadPoolExecutor(_AT_ONCE)


@cache
def _unpickled(work: bytes) -> Work:
    """The work, unpickled once in each worker, so that its codec stays loaded."""
    unpickled: Work = pickle.loads(work)
    return unpickled
