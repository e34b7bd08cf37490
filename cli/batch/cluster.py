"""Processing of files on the workers of a Dask cluster."""

from __future__ import annotations

import logging
import pickle
import time
from asyncio import CancelledError
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent import futures
from contextlib import contextmanager
from functools import cache
from itertools import chain, islice
from threading import Lock
from typing import TYPE_CHECKING, Any

from aecodec.cli.batch.outcome import Outcome, Work, outcome_of
from aecodec.cli.batch.process_pool import ONE_THREAD, blocked, single_threaded_blas
from aecodec.cli.shared.console import Console
from aecodec.errors import AecodecError

if TYPE_CHECKING:
    from distributed import Client, Future

LOCAL = "local"
"""Instead of the address of a scheduler: start a cluster on this machine."""

_MOST = 32
"""Maximum number of files in a task. If a worker dies, all files of its task are repeated."""

_ROUNDS = 16
"""Number of tasks per worker thread, if there are enough files, so that all threads end together.
"""

_WINDOW = 1000
"""Maximum number of tasks submitted to the scheduler at once."""

_ANY_PORT = "127.0.0.1:0"
"""Address of the dashboard. Another scheduler may use the default port, 8787."""

_PATIENCE = 600
"""Seconds without a result after which a run without workers fails. Clusters that scale on demand
take minutes to start workers."""

_POLL_SECONDS = 0.02
"""Seconds between two polls of the results."""

_SETTINGS = {
    "distributed.comm.timeouts.connect": "600s",  # a busy machine takes long to start a worker
    "distributed.worker.profile.enabled": False,  # it would sample each worker 100 times a second
}

_DEADLY = AecodecError(
    "the workers that processed this file died; if they ran out of memory, give them more"
)


_LOCK = Lock()
"""Warnings are caught for a whole process."""


class Cluster:
    """The workers of a Dask cluster.

    If a worker dies, the scheduler repeats its files on another worker.

    `done` is called with the number of finished files and the number of all files.
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
        """Yield each file with its outcome as soon as it is known.

        Raises AecodecError if the scheduler has ended, or has had no workers for 600 seconds.
        """
        done = chain(self._run_tasks(items), self._retry_suspects())
        for count, (item, outcome) in enumerate(done, 1):
            self._done(count, len(items))
            yield item, outcome

    def _run_tasks(self, items: Sequence[Any]) -> Iterator[tuple[Any, Outcome]]:
        """Outcomes of all files, except files of tasks whose workers died."""
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

    def _retry_suspects(self) -> Iterator[tuple[Any, Outcome]]:
        """Outcomes of the remaining files, run one by one so that only crashing files fail."""
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
        """Yield tasks as they end."""
        last_result = time.monotonic()
        while not self._running.is_empty():
            if self._running.has_ready():
                yield next(self._running)
                last_result = time.monotonic()
            elif time.monotonic() - last_result > _PATIENCE:
                if not self._client.nthreads():
                    raise AecodecError(
                        f"the scheduler has no workers and finished nothing for {_PATIENCE} "
                        "seconds: start workers and repeat the command"
                    )
                last_result = time.monotonic()
            else:
                time.sleep(_POLL_SECONDS)

    def _finish(self, future: Future) -> tuple[Sequence[Any], Sequence[Outcome] | None]:
        """The files of a task and their outcomes; None instead of outcomes if its workers died."""
        from distributed import KilledWorker

        task = self._tasks.pop(future.key)
        try:
            return task, future.result()
        except KilledWorker:
            return task, None
        except (CancelledError, futures.CancelledError) as error:
            raise AecodecError("the scheduler has ended: repeat the command") from error


@contextmanager
def connected(address: str, jobs: int) -> Iterator[Client]:
    """Connect to a scheduler for the block, for example at `tcp://10.0.0.1:8786`.

    `local` starts a cluster here, with this many workers. Raises AecodecError if there is no
    scheduler at this address, or Dask is not installed.
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
        raise AecodecError(
            f"--scheduler: cannot connect to a Dask scheduler at {address}: {error}"
        ) from error
    with client:
        yield client


@contextmanager
def _started(workers: int) -> Iterator[Any]:
    """A scheduler and workers on this machine, protected from Ctrl-C."""
    import dask
    from distributed import LocalCluster

    with single_threaded_blas():
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
    """Process files in a worker, of which other threads may process files too."""
    with _LOCK:
        return [outcome_of(_unpickled(work), item, console, ONE_THREAD) for item in items]


@cache
def _unpickled(work: bytes) -> Work:
    """The work, unpickled once per worker so that its codec stays loaded."""
    unpickled: Work = pickle.loads(work)
    return unpickled
