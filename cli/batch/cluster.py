"""Processing of files on the workers of a Dask cluster."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import partial
from typing import TYPE_CHECKING, Any

from aecodec.cli.batch.outcome import Work
from aecodec.cli.batch.pool import Pool, blocked, in_worker, single_threaded_blas
from aecodec.cli.shared.console import Console
from aecodec.errors import AecodecError

if TYPE_CHECKING:
    from distributed import Client

LOCAL = "local"
"""Instead of the address of a scheduler: start a cluster on this machine."""

_MOST = 32
"""Maximum number of files in a task. If a worker dies, all files of its task are repeated."""

_ROUNDS = 16
"""Number of tasks per worker thread, if there are enough files, so that all threads end together.
"""

_AT_ONCE = 1000
"""Maximum number of tasks submitted to the scheduler at once."""

_ANY_PORT = "127.0.0.1:0"
"""Address of the dashboard. Another scheduler may use the default port, 8787."""

_PATIENCE = 600
"""Seconds without a result after which a run without workers fails. Clusters that scale on demand
take minutes to start workers."""

_SETTINGS = {
    "distributed.comm.timeouts.connect": "600s",  # a busy machine takes long to start a worker
    "distributed.worker.profile.enabled": False,  # it would sample each worker 100 times a second
}


def cluster_pool(client: Client, work: Work, console: Console) -> Pool:
    """The workers of a Dask cluster. If one dies, the scheduler repeats its files on another.

    A run raises AecodecError if the scheduler has ended, or has had no workers for 600 seconds.
    """
    from distributed import KilledWorker

    executor, threads = client.get_executor(pure=False), sum(client.nthreads().values())
    return Pool(
        in_worker(work, console),
        lambda _: nullcontext(executor),
        threads,
        _AT_ONCE,
        _PATIENCE,
        partial(_check_workers, client),
        (KilledWorker,),
    )


def files_per_task(count: int, workers: int) -> int:
    """Number of files for a task, if there are `count` in all."""
    return min(max(1, count // (_ROUNDS * max(1, workers))), _MOST)


def _check_workers(client: Client) -> None:
    if not client.nthreads():
        raise AecodecError(
            f"the scheduler has no workers and finished nothing for {_PATIENCE} seconds: start "
            "workers and repeat the command"
        )


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
