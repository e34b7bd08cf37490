"""Files shared out to the workers of a Dask cluster."""

from __future__ import annotations

import logging
import pickle
import threading
from asyncio import CancelledError
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent import futures
from contextlib import contextmanager
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Any

from aecodec.cli.batch.interrupts import blocked
from aecodec.cli.batch.outcome import Outcome, Work, outcome_of
from aecodec.cli.batch.processes import ONE_THREAD, one_blas_thread_each
from aecodec.cli.shared.console import Console
from aecodec.errors import AecodecError

if TYPE_CHECKING:
    from distributed import Client, Future

LOCAL = "local"
"""Stands for the address of a scheduler where one is to be started here."""

_TASK = 8
"""Files of a task at most: a worker that dies costs that many a second try."""

_WINDOW = 1000
"""Tasks that the scheduler has at once; the outcomes of these are waited for in their order."""

_one_at_a_time = threading.Lock()
"""Held by the thread of a worker that works on files."""


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
        self._client, self._console, self._done = client, console, done
        self._work = pickle.dumps(work)

    def run(self, items: Sequence[Any]) -> Generator[Outcome, None, None]:
        """Yield the outcomes in the order of the files.

        Raises:
            AecodecError: the scheduler has ended.
        """
        tasks = (items[at : at + _TASK] for at in range(0, len(items), _TASK))
        begun = deque((task, self._begin(task)) for task in islice(tasks, _WINDOW))
        finished = 0
        while begun:
            for outcome in self._outcomes(*begun.popleft()):
                finished += 1
                self._done(finished, len(items))
                yield outcome
            begun.extend((task, self._begin(task)) for task in islice(tasks, 1))

    def _begin(self, task: Sequence[Any]) -> Future:
        return self._client.submit(_outcomes_of, self._work, task, self._console, pure=False)

    def _outcomes(self, task: Sequence[Any], future: Future) -> Iterator[Outcome]:
        """The outcomes of a task; of one on which workers die, each file is tried alone."""
        from distributed import KilledWorker

        try:
            yield from future.result()
        except KilledWorker:
            if len(task) == 1:
                yield Outcome([], AecodecError("the workers that it was given to ended"))
                return
            for item in task:
                yield from self._outcomes([item], self._begin([item]))
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
    from distributed import LocalCluster

    with one_blas_thread_each():
        with blocked():
            cluster = LocalCluster(
                n_workers=workers,
                threads_per_worker=1,
                memory_limit=0,
                dashboard_address=None,
                silence_logs=logging.CRITICAL,
            )
        with cluster:
            yield cluster


def _outcomes_of(work: bytes, items: Sequence[Any], console: Console) -> list[Outcome]:
    """Work on files in a worker, one at a time."""
    with _one_at_a_time:
        return [outcome_of(_unpickled(work), item, console, ONE_THREAD) for item in items]


@cache
def _unpickled(work: bytes) -> Work:
    """The work, unpickled once in each worker, so that its codec stays loaded."""
    unpickled: Work = pickle.loads(work)
    return unpickled
