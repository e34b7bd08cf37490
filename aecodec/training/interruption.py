"""Ctrl-C during a training: it ends between two steps."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras


class _Interruption(keras.callbacks.Callback):
    """Raises KeyboardInterrupt after the step in which Ctrl-C was pressed."""

    is_wanted = False

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self._end_if_wanted()

    def on_test_batch_end(self, batch: int, logs: Any = None) -> None:
        self._end_if_wanted()

    def _end_if_wanted(self) -> None:
        if self.is_wanted:
            raise KeyboardInterrupt


@contextmanager
def between_steps() -> Iterator[Any]:
    """Make Ctrl-C wait for the end of a step of training; pressed again, it does not wait.

    In the middle of a step, Ctrl-C may be lost, because libraries ignore exceptions of functions
    that they call back; while the state is written, it would leave half a file.

    Yields:
        A callback for the training.
    """
    interruption, usual = _Interruption(), signal.default_int_handler

    def note(*_: Any) -> None:
        interruption.is_wanted = True
        signal.signal(signal.SIGINT, usual)

    if not _raises_keyboard_interrupt():
        yield interruption
        return
    signal.signal(signal.SIGINT, note)
    try:
        yield interruption
    finally:
        signal.signal(signal.SIGINT, usual)


def _raises_keyboard_interrupt() -> bool:
    """Whether Ctrl-C raises KeyboardInterrupt in this thread, and is not ignored."""
    is_main = threading.current_thread() is threading.main_thread()
    return is_main and signal.getsignal(signal.SIGINT) is signal.default_int_handler
