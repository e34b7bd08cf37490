"""Remove temporary files when a signal ends the process."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from aecodec.atomic.temporary import remove_all

_ENDING = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]


@contextmanager
def tidy_termination() -> Iterator[None]:
    """Remove temporary files before SIGTERM or SIGHUP ends this process.

    No exception is raised, because libraries ignore exceptions in callbacks. Ignored signals stay
    ignored. Outside of the main thread, nothing changes.
    """
    installed = _ENDING if threading.current_thread() is threading.main_thread() else []
    installed = [number for number in installed if signal.getsignal(number) == signal.SIG_DFL]
    for number in installed:
        signal.signal(number, _end)
    try:
        yield
    finally:
        for number in installed:
            signal.signal(number, signal.SIG_DFL)


def _end(number: int, frame: FrameType | None) -> None:
    remove_all()
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
