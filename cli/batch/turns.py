"""Files that wait for their turn, and outcomes that wait for theirs."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Sequence
from typing import Any

from aecodec.cli.batch.outcome import Outcome

Taken = list[tuple[int, Any]]
"""Files, each with its number in the order of all."""


class Turns:
    """Files to work on and what came of them, for several threads.

    Args:
        items: the files.

    >>> turns = Turns(["a", "b"])
    >>> turns.take(1)
    [(0, 'a')]
    >>> turns.finish(0, Outcome([]))
    >>> turns.outcome(0) == Outcome([]), turns.outcome(1), turns.finished
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
        """Let files wait again that were not worked on."""
        with self._changed:
            self._waiting.extendleft(reversed(taken))

    def drop(self) -> None:
        """Let no file wait any more."""
        with self._changed:
            self._waiting.clear()

    def finish(self, number: int, outcome: Outcome) -> None:
        """Keep the outcome of a file."""
        with self._changed:
            self._outcomes[number] = outcome
            self.finished += 1
            self._changed.notify_all()

    def outcome(self, number: int) -> Outcome | None:
        """The outcome of a file, once; None if it is still in work."""
        return self._outcomes.pop(number, None)

    def wait(self, seconds: float) -> None:
        """Wait until an outcome comes, but not longer than this."""
        with self._changed:
            self._changed.wait(seconds)

    @property
    def waiting(self) -> int:
        """Number of files that nobody works on yet."""
        return len(self._waiting)

    @property
    def pace(self) -> float:
        """Seconds per file so far, of all who work together."""
        return (time.monotonic() - self._began) / (self.finished + 1)
