"""Ctrl-C while files are worked on."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import resource_tracker
from types import FrameType


class Interrupts:
    """Remembers Ctrl-C: a library that is being imported may swallow the KeyboardInterrupt."""

    def __init__(self) -> None:
        self._noticed = False

    def check(self) -> None:
        """Raise KeyboardInterrupt if Ctrl-C was pressed, even if it was raised before."""
        if self._noticed:
            raise KeyboardInterrupt

    def _notice(self, number: int, frame: FrameType | None) -> None:
        self._noticed = True
        raise KeyboardInterrupt

    @contextmanager
    def noticed(self) -> Iterator[None]:
        """Notice Ctrl-C in the block; only the first thread of a process can."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = signal.signal(signal.SIGINT, self._notice)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)


@contextmanager
def blocked() -> Iterator[None]:
    """Keep Ctrl-C off this thread, and off processes that it starts: another thread ends them.

    Windows has no such masks; there a process ignores Ctrl-C as soon as it runs.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # started within the block, it would lift the mask
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
