"""The progress of a training, on the terminal and in TensorBoard."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, TextIO

import keras
from rich.console import Console
from rich.progress import BarColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar


class Progress(keras.callbacks.Callback):
    """Prints a line per epoch: finished share, remaining time, and held-out measurements.

    A terminal also shows a progress bar below the lines.
    """

    def __init__(self, out: TextIO) -> None:
        super().__init__()
        self._console = Console(file=out, highlight=False, soft_wrap=True, force_jupyter=False)
        columns = (BarColumn(), "{task.percentage:3.0f} %", TextColumn("{task.description}"))
        self._bar = Bar(
            *columns,
            TimeElapsedColumn(),
            console=self._console,
            transient=True,
            disable=not self._console.is_terminal,
        )
        self._task = TaskID(0)
        self._began = self._done_before = 0.0

    def on_train_begin(self, logs: Any = None) -> None:
        self._began, self._done_before = time.monotonic(), float(self.model.progress)
        self._task = self._bar.add_task("", total=1.0)
        self._bar.update(self._task, completed=self._done_before)
        self._bar.start()

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        if self._console.is_terminal:
            self._bar.update(
                self._task, completed=float(self.model.progress), description=_measured(logs, "")
            )

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        done = float(self.model.progress)
        self._console.print(
            f"epoch {epoch + 1}, {done:.0%}, {self._minutes_left(done):.0f} min left; "
            f"held out: {_measured(logs, 'val_') or _measured(logs, '')}"
        )

    def on_train_end(self, logs: Any = None) -> None:
        self._bar.stop()

    def _minutes_left(self, done: float) -> float:
        minutes = (time.monotonic() - self._began) / 60
        return minutes * (1 - done) / max(done - self._done_before, 1e-9)


def _measured(logs: dict[str, Any] | None, start: str) -> str:
    """Rate and distortion of each level, as `13.2 B 24.31 dB, ...`.

    The names of held-out measurements start with `val_`, the names of training measurements with
    nothing.
    """
    logs = logs or {}
    names = [name for name in logs if name.startswith(f"{start}psnr")]
    return ", ".join(
        f"{float(logs[rate]):.2f} B {float(logs[name]):.2f} dB"
        if (rate := name.replace("psnr", "bytes")) in logs
        else f"{float(logs[name]):.2f} dB"
        for name in names
    )


def tensorboard_logs(folder: Path) -> Any:
    """A Keras callback that writes a point per epoch for TensorBoard."""
    return keras.callbacks.TensorBoard(folder)
