"""Work on several cores, in threads: NumPy, LiteRT and zlib let other threads run meanwhile."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor

Item = TypeVar("Item")
Result = TypeVar("Result")

_MAX_THREADS = 4
"""By default: each thread holds up to 200 MiB of networks and tables at work."""


def cores() -> int:
    """Number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@dataclass(frozen=True)
class Workers:
    """Threads that share out long work; every loop over windows, segments and batches runs here.

    Attributes:
        threads: their number; one per core, and at most 4, if None.
        progress: called after each item of a loop, with the numbers of items done and of all.

    >>> list(Workers().map(abs, [-1, 2, -3]))
    [1, 2, 3]
    """

    threads: int | None = None
    progress: Callable[[int, int], None] | None = None

    def map(self, function: Callable[[Item], Result], items: Sequence[Item]) -> Iterator[Result]:
        """Yield the results of a function in the order of the items.

        BLAS gets one thread in each of these, as its own threads would only wait for each other. At
        most two results per thread exist at once, which bounds memory.
        """
        for done, result in enumerate(self._map(function, items), start=1):
            if self.progress:
                self.progress(done, len(items))
            yield result

    def _map(self, function: Callable[[Item], Result], items: Sequence[Item]) -> Iterator[Result]:
        if len(items) < 2:
            yield from map(function, items)
            return
        from threadpoolctl import threadpool_limits

        threads = self.threads or min(cores(), _MAX_THREADS)
        waiting: deque[Future[Result]] = deque()
        with threadpool_limits(1, "blas"):
            for item in items:
                waiting.append(_pool(threads).submit(function, item))
                if len(waiting) == 2 * threads:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()


@cache
def _pool(threads: int) -> ThreadPoolExecutor:
    """One pool for the whole process, so that what its threads keep (interpreters) is kept."""
    from concurrent.futures import ThreadPoolExecutor  # loads logging, which one digit can spare

    return ThreadPoolExecutor(threads)


if hasattr(os, "register_at_fork"):  # threads do not live on in a fork
    os.register_at_fork(after_in_child=_pool.cache_clear)
