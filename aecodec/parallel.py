"""Work on several cores, in threads: NumPy, LiteRT and zlib let other threads run meanwhile.

BLAS has threads of its own, which help nobody here: our threads would wait for theirs, and where
other programs keep the cores busy, even one small product waits for a thread that has no core.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import ContextDecorator, contextmanager
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

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
        progress: called after each item of a loop, with the number of items done and of all items.

    >>> list(Workers().map(abs, [-1, 2, -3]))
    [1, 2, 3]
    """

    threads: int | None = None
    progress: Callable[[int, int], None] | None = None

    def map(self, function: Callable[[Item], Result], items: Sequence[Item]) -> Iterator[Result]:
        """Yield the results of a function in the order of the items.

        At most two results per thread exist at once, which bounds memory.
        """
        for done, result in enumerate(self._map(function, items), start=1):
            if self.progress:
                self.progress(done, len(items))
            yield result

    def _map(self, function: Callable[[Item], Result], items: Sequence[Item]) -> Iterator[Result]:
        if len(items) < 2:
            yield from map(function, items)
            return
        threads = self.threads or min(cores(), _MAX_THREADS)
        waiting: deque[Future[Result]] = deque()
        for item in items:
            waiting.append(_pool(threads).submit(function, item))
            if len(waiting) == 2 * threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


@cache
def _pool(threads: int) -> ThreadPoolExecutor:
    """One pool for the whole process, so that what its threads keep (interpreters) is kept."""
    from concurrent.futures import ThreadPoolExecutor  # loads logging; a single item needs no pool

    return ThreadPoolExecutor(threads)


class ComputeLock:
    """A lock that a thread holds while it computes, and releases while it waits for an answer.

    >>> lock = ComputeLock()
    >>> with lock:
    ...     with lock.released():  # others compute while this thread reads or writes
    ...         pass
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._thread: int | None = None

    def __enter__(self) -> None:
        self._lock.acquire()
        self._thread = threading.get_ident()

    def __exit__(self, *error: object) -> None:
        self._thread = None
        self._lock.release()

    @contextmanager
    def released(self) -> Iterator[None]:
        """Let other threads have the lock during the block, if this thread holds it."""
        if self._thread != threading.get_ident():
            yield
            return
        self.__exit__()
        try:
            yield
        finally:
            self.__enter__()


COMPUTE_LOCK = ComputeLock()
"""For threads that each work on a file; a process that works on one at a time never takes it."""


class OneBlasThread(ContextDecorator):
    """Keeps BLAS at one thread while anyone is inside, and gives it back the threads it had.

    The number of BLAS's threads belongs to the whole process (to each thread in OpenBLAS on OpenMP,
    where the first to enter alone is limited). So entries are counted: whichever thread is the last
    to leave restores what the program that calls us had set.

    >>> with ONE_BLAS_THREAD:
    ...     inside = [each.num_threads for each in _blas_libraries()]
    >>> set(inside) <= {1}
    True
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self._restored: list[int] = []

    def __enter__(self) -> None:
        with self._lock:
            if not self._inside:
                self._restored = [each.num_threads for each in _blas_libraries()]
                self._set([1] * len(self._restored))
            self._inside += 1

    def __exit__(self, *error: object) -> None:
        with self._lock:
            self._inside -= 1
            if not self._inside:
                self._set(self._restored)

    def leave_all(self) -> None:
        """Forget the threads that were inside: they do not live on in a fork."""
        self._lock = threading.Lock()
        if self._inside:
            self._inside = 0
            self._set(self._restored)

    def _set(self, numbers: list[int]) -> None:
        for library, number in zip(_blas_libraries(), numbers, strict=True):
            _allow_this_thread(library)
            library.set_num_threads(number)
            _allow_this_thread(library)


ONE_BLAS_THREAD = OneBlasThread()
"""Decorates all that multiplies matrices; to enter and to leave takes a few microseconds."""


@cache
def _blas_libraries() -> tuple[Any, ...]:
    """The BLAS libraries of the process, looked for once: NumPy has loaded its own by then."""
    try:
        from threadpoolctl import ThreadpoolController
    except ImportError:  # it comes with the Python engine; BLAS then keeps its threads
        return ()
    return tuple(ThreadpoolController().select(user_api="blas").lib_controllers)


def _allow_this_thread(library: Any) -> None:
    """Let whichever thread comes next set the number; threadpoolctl listens to the first alone."""
    if hasattr(library, "clear_controlling_thread"):  # since version 3.7
        library.clear_controlling_thread(force=True)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_pool.cache_clear)  # threads do not live on in a fork
    os.register_at_fork(after_in_child=ONE_BLAS_THREAD.leave_all)
