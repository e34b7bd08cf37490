"""A queue of files for several threads, which keeps the outcomes until they are asked for."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Sequence
from typing import Any

from aecodec.cli.batch.outcome import Outcome

Taken = list[tuple[int, Any]]
"""Files, each with its number in the order of all."""


class WorkQueue:
    """Files to work on, and the outcomes of those that are done, for several threads.

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
        self._began = time.monotonic()
        self.finished = 0

    def take(self, count: int) -> Taken:
        """The next files, at most `count` of them; none if no file waits."""
        with self._changed:
            return [self._waiting.popleft() for _ in range(min(count, len(self._waiting)))]

    def give_back(self, taken: Taken) -> None:
        """Put back files that were not worked on."""
        with self._changed:
            self._waiting.extendleft(reversed(taken))

    def drop(self) -> None:
        """Remove all files that wait."""
        with self._changed:
            self._waiting.clear()

    def finish(self, number: int, outcome: Outcome) -> None:
        """Keep the outcome of a file."""
        with self._changed:
            self._outcomes[number] = outcome
            self.finished += 1
            self._changed.notify_all()

    def outcome(self, number: int) -> Outcome | None:
        """The outcome of a file, which is not kept any longer; None if it is not done yet."""
        return self._outcomes.pop(number, None)

    def wait(self, seconds: float) -> None:
        """Wait for the next outcome, at most this long."""
        with self._changed:
            self._changed.wait(seconds)

    @property
    def waiting(self) -> int:
        """Number of files that nobody works on yet."""
        return len(self._waiting)

    @property
    def pace(self) -> float:
        """Seconds per file so far, with all threads together."""
        return (time.monotonic() - self._began) / (self.finished + 1)
