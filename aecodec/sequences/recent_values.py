"""A cache of recently used values, limited in bytes."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

Value = TypeVar("Value")


class RecentValues:
    """A cache of recently used values with at most `max_bytes`; the newest value is always kept.

    Threads may share it. They wait while a value is made, so no value is made twice.

    >>> cache = RecentValues(10)
    >>> cache.get("a", lambda: b"six by", len)
    b'six by'
    >>> cache.get("a", lambda: b"never made", len)
    b'six by'
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._bytes = 0
        self._values: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()
        self._lock = threading.RLock()

    def get(self, key: Hashable, make: Callable[[], Value], size: Callable[[Value], int]) -> Value:
        """Return a cached value, or make and cache it."""
        with self._lock:
            if key not in self._values:
                value = make()
                self._add(key, value, size(value))
            self._values.move_to_end(key)
            return self._values[key][0]

    def _add(self, key: Hashable, value: Any, size: int) -> None:
        self._values[key] = value, size
        self._bytes += size
        while self._bytes > self._max_bytes and len(self._values) > 1:
            _, (_, dropped) = self._values.popitem(last=False)
            self._bytes -= dropped
