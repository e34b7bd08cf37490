"""Ctrl-C during a training, which ends it between two steps."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras


class _Interruption(keras.callbacks.Callback):
    """Raises KeyboardInterrupt after the step in which Ctrl-C was pressed."""

    is_requested = False

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self._end_if_requested()

    def on_test_batch_end(self, batch: int, logs: Any = None) -> None:
        self._end_if_requested()

    def _end_if_requested(self) -> None:
        if self.is_requested:
            raise KeyboardInterrupt


@contextmanager
def between_steps() -> Iterator[Any]:
    """Delay Ctrl-C until the end of a training step, with the callback that is yielded.

    In the middle of a step, Ctrl-C may be lost, because libraries ignore exceptions in callbacks.
    While the state is written, it would leave an incomplete file. A second Ctrl-C takes effect
    immediately.
    """
    interruption, default_handler = _Interruption(), signal.default_int_handler

    def request(*_: Any) -> None:
        interruption.is_requested = True
        signal.signal(signal.SIGINT, default_handler)

    if not _raises_keyboard_interrupt():
        yield interruption
        return
    signal.signal(signal.SIGINT, request)
    try:
        yield interruption
    finally:
        signal.signal(signal.SIGINT, default_handler)


def _raises_keyboard_interrupt() -> bool:
    """Whether Ctrl-C raises KeyboardInterrupt in this thread."""
    is_main = threading.current_thread() is threading.main_thread()
    return is_main and signal.getsignal(signal.SIGINT) is signal.default_int_handler
