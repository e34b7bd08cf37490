"""Work on all cores, in threads: NumPy, LiteRT and zlib let others run meanwhile."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

Item = TypeVar("Item")
Result = TypeVar("Result")


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
        return map(function, items)
    return _pool().map(function, items)


@cache
def _pool() -> ThreadPoolExecutor:
    """The same threads for the whole process, for what they keep (interpreters) to be kept."""
    from concurrent.futures import ThreadPoolExecutor  # loads logging: no need for one digit

    return ThreadPoolExecutor(cores())
