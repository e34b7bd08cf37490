"""Handling of Ctrl-C while files are processed."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import resource_tracker
from types import FrameType


class Interrupts:
    """Remembers Ctrl-C, because imports of libraries may swallow the KeyboardInterrupt."""

    def __init__(self) -> None:
        self._noticed = False

    def check(self) -> None:
        """Raise KeyboardInterrupt if Ctrl-C was pressed at any time before."""
        if self._noticed:
            raise KeyboardInterrupt

    def _notice(self, number: int, frame: FrameType | None) -> None:
        self._noticed = True
        raise KeyboardInterrupt

    @contextmanager
    def noticed(self) -> Iterator[None]:
        """Notice Ctrl-C in the block. Only the main thread can; others do nothing."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        handler = signal.signal(signal.SIGINT, self._notice)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, handler)


@contextmanager
def blocked() -> Iterator[None]:
    """Block Ctrl-C for this thread and for processes that it starts; the main thread ends them.

    Windows has no signal masks. There, worker processes ignore Ctrl-C once they run.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # if started in the block, it would reset the mask
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
