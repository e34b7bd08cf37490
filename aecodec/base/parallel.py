"""Work on several cores in threads; the library, NumPy and zlib release Python's lock."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor

Item = TypeVar("Item")
Result = TypeVar("Result")

_MAX_THREADS = 4
"""Default limit: each thread needs up to 200 MiB for networks and tables."""


def cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Workers(NamedTuple):
    """Threads that run all loops over windows, segments and batches, by default at most 4.

    `progress` is called after each item of a loop, with the numbers of finished items and of all
    items.
    """

    threads: int | None = None
    progress: Callable[[int, int], None] | None = None

    def map(self, function: Callable[[Item], Result], items: Sequence[Item]) -> Iterator[Result]:
        """Yield the results of a function in the order of the items.

        At most two results per thread exist at once, which bounds memory.
        """
        for count, result in enumerate(self._map(function, items), start=1):
            if self.progress:
                self.progress(count, len(items))
            yield result

    @property
    def thread_count(self) -> int:
        return self.threads or min(cores(), _MAX_THREADS)

    def _map(self, function: Callable[[Item], Result], items: Sequence[Item]) -> Iterator[Result]:
        if len(items) < 2 or self.thread_count < 2:
            yield from map(function, items)
            return
        waiting: deque[Future[Result]] = deque()
        try:
            for item in items:
                waiting.append(_pool(self.thread_count).submit(function, item))
                if len(waiting) == 2 * self.thread_count:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            _end(waiting)


def _end(futures: Iterable[Future[Any]]) -> None:
    """Cancel pending calls, and wait for running calls, because callers may free their memory."""
    for future in futures:
        if not future.cancel():
            future.exception()


@cache
def _pool(threads: int) -> ThreadPoolExecutor:
    """One pool for the whole process, so that its threads are started once."""
    from concurrent.futures import ThreadPoolExecutor  # slow to import, and often not needed

    return ThreadPoolExecutor(threads)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_pool.cache_clear)  # threads do not exist in a fork
