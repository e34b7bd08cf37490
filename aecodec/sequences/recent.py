"""A cache of the values that were used last, limited in bytes."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

Value = TypeVar("Value")


class Recent:
    """A cache of the values that were used last.

    Threads may share it. A value is made while the others wait, so that none is made twice.

    Args:
        most: bytes of all values together, at most; the last one is kept in any case.

    >>> recent = Recent(10)
    >>> recent.get("a", lambda: b"six by", len)
    b'six by'
    >>> recent.get("a", lambda: b"never made", len)
    b'six by'
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._bytes = 0
        self._values: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()
        self._lock = threading.RLock()

    def get(self, key: Hashable, make: Callable[[], Value], size: Callable[[Value], int]) -> Value:
        """A value that was made before, or a new one.

        Args:
            key: what the value is found by.
            make: makes it.
            size: its size in bytes.
        """
        with self._lock:
            if key not in self._values:
                value = make()
                self._add(key, value, size(value))
            self._values.move_to_end(key)
            return self._values[key][0]

    def _add(self, key: Hashable, value: Any, size: int) -> None:
        self._values[key] = value, size
        self._bytes += size
        while self._bytes > self._most and len(self._values) > 1:
            _, (_, dropped) = self._values.popitem(last=False)
            self._bytes -= dropped
