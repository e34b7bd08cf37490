"""A queue of files and their outcomes, shared by several threads."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Sequence
from typing import Any

from aecodec.cli.batch.outcome import Outcome

Chunk = list[tuple[int, Any]]
"""Files with their numbers in the order of all files."""


class WorkQueue:
    """Files to process, and the outcomes of finished files. Threads may share it.

    Args:
        items: the files.

    >>> queue = WorkQueue(["a", "b"])
    >>> queue.take(1)
    [(0, 'a')]
    >>> queue.finish(0, Outcome([]))
    >>> queue.outcome(0) == Outcome([]), queue.outcome(1), queue.finished
    (True, None, 1)
    """

    def __init__(self, items: Sequence[Any]) -> None:
        self._waiting = deque(enumerate(items))
        self._outcomes: dict[int, Outcome] = {}
        self._changed = threading.Condition()
        self._start = time.monotonic()
        self.finished = 0

    def take(self, count: int) -> Chunk:
        """Take up to `count` files; an empty list if no file is waiting."""
        with self._changed:
            return [self._waiting.popleft() for _ in range(min(count, len(self._waiting)))]

    def give_back(self, chunk: Chunk) -> None:
        """Put back files that were not processed."""
        with self._changed:
            self._waiting.extendleft(reversed(chunk))

    def drop(self) -> None:
        """Remove all waiting files."""
        with self._changed:
            self._waiting.clear()

    def finish(self, number: int, outcome: Outcome) -> None:
        """Store the outcome of a file."""
        with self._changed:
            self._outcomes[number] = outcome
            self.finished += 1
            self._changed.notify_all()

    def outcome(self, number: int) -> Outcome | None:
        """Remove and return the outcome of a file; None if it is not done yet."""
        return self._outcomes.pop(number, None)

    def wait(self, seconds: float) -> None:
        """Wait for the next outcome, but not longer than this."""
        with self._changed:
            self._changed.wait(seconds)

    @property
    def waiting(self) -> int:
        """Number of waiting files."""
        return len(self._waiting)

    @property
    def pace(self) -> float:
        """Average seconds per finished file, with all threads working."""
        return (time.monotonic() - self._start) / (self.finished + 1)
