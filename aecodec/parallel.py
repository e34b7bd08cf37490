"""Work on all cores, in threads: NumPy, LiteRT and zlib let others run meanwhile."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor

Item = TypeVar("Item")
Result = TypeVar("Result")


_MOST = 4
"""Threads: each holds up to some 200 MiB of networks and tables at work."""


def cores() -> int:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def in_parallel(function: Callable[[Item], Result], items: Sequence[Item]) -> Iterator[Result]:
    """The results of a function, in the order of the items.

    >>> list(in_parallel(abs, [-1, 2, -3]))
    [1, 2, 3]
    """
    if len(items) < 2:
        yield from map(function, items)
        return
    from threadpoolctl import threadpool_limits

    waiting: deque[Future[Result]] = deque()
    with threadpool_limits(1, "blas"):  # whose own threads would only wait for each other
        for item in items:
            waiting.append(_pool().submit(function, item))
            if len(waiting) == 2 * _MOST:  # no more results at once than memory is bounded for
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


@cache
def _pool() -> ThreadPoolExecutor:
    """The same threads for the whole process, for what they keep (interpreters) to be kept."""
    from concurrent.futures import ThreadPoolExecutor  # loads logging: no need for one digit

    return ThreadPoolExecutor(min(cores(), _MOST))


if hasattr(os, "register_at_fork"):  # threads do not live on in a fork
    os.register_at_fork(after_in_child=_pool.cache_clear)
