"""Work on several cores in threads; NumPy, LiteRT and zlib release Python's lock.

BLAS also starts threads, which only slow this down: our threads would wait for them, and if other
programs keep the cores busy, even a small product waits for a thread that has no core.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import ContextDecorator, contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor

Item = TypeVar("Item")
Result = TypeVar("Result")

_MAX_THREADS = 4
"""Default limit: each thread needs up to 200 MiB for networks and tables."""


def cores() -> int:
    """Number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Workers(NamedTuple):
    """Threads that run all loops over windows, segments and batches, by default at most 4.

    By default, there is one thread per core. `progress` is called after each item of a loop, with
    the numbers of finished and of all items.

    >>> list(Workers().map(abs, [-1, 2, -3]))
    [1, 2, 3]
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
    """One pool for the whole process, so that its threads keep their interpreters."""
    from concurrent.futures import ThreadPoolExecutor  # slow to import, and often not needed

    return ThreadPoolExecutor(threads)


class ComputeLock:
    """A lock that a thread holds while it computes, and releases while it waits for input.

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
"""Lock of threads that process one file each; processes with a single file at a time ignore it."""


class OneBlasThread(ContextDecorator):
    """Limits BLAS to one thread while any thread is inside, then restores its number of threads.

    The number is a setting of the whole process (in OpenBLAS on OpenMP of each thread, so only the
    first thread to enter is limited). Entries are therefore counted, and the last thread to leave
    restores the caller's setting.

    >>> with ONE_BLAS_THREAD:
    ...     numbers = {library.num_threads for library in _blas_libraries()}
    >>> numbers <= {1}
    True
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self._restored: list[int] = []

    def __enter__(self) -> None:
        with self._lock:
            if not self._inside:
                self._restored = [library.num_threads for library in _blas_libraries()]
                self._set([1] * len(self._restored))
            self._inside += 1

    def __exit__(self, *error: object) -> None:
        with self._lock:
            self._inside -= 1
            if not self._inside:
                self._set(self._restored)

    def leave_all(self) -> None:
        """Forget the threads that were inside, as they do not exist in a fork."""
        self._lock = threading.Lock()
        if self._inside:
            self._inside = 0
            self._set(self._restored)

    def _set(self, numbers: list[int]) -> None:
        for library, number in zip(_blas_libraries(), numbers, strict=True):
            _release_control(library)
            library.set_num_threads(number)
            _release_control(library)


ONE_BLAS_THREAD = OneBlasThread()
"""Decorates functions that multiply matrices; entering and leaving takes a few microseconds."""


@cache
def _blas_libraries() -> tuple[Any, ...]:
    """The BLAS libraries of the process; NumPy has already loaded its library."""
    try:
        from threadpoolctl import ThreadpoolController
    except ImportError:  # it comes with the Python engine; BLAS then keeps its threads
        return ()
    return tuple(ThreadpoolController().select(user_api="blas").lib_controllers)


def _release_control(library: Any) -> None:
    """Let any thread set the number next; threadpoolctl otherwise allows only the first thread."""
    if hasattr(library, "clear_controlling_thread"):  # since version 3.7
        library.clear_controlling_thread(force=True)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_pool.cache_clear)  # threads do not exist in a fork
    os.register_at_fork(after_in_child=ONE_BLAS_THREAD.leave_all)
