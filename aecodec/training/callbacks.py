"""Keras callbacks: learning rate, progress, Ctrl-C, and the state from which training resumes.

The file `latest.npz` contains the weights, the optimizer and the progress after the last epoch. It
is written atomically, so a process may be killed at any time. The optimizer's steps determine the
numbers of the epoch and the batch. (HDF5 would end the process if the disk is full.)
"""

from __future__ import annotations

import io
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from aecodec.base.atomic import locked, write_file
from aecodec.base.errors import ModelError, UsageError, warn

CSVLogger = keras.callbacks.CSVLogger
EarlyStopping = keras.callbacks.EarlyStopping
TensorBoard = keras.callbacks.TensorBoard

LATEST = "latest.npz"

_WARMUP_STEPS = 200
_LARGEST_WARMUP_SHARE = 0.1
_WARMUP_SHARE_OF_MINUTES = 0.02


class Schedule(keras.callbacks.Callback):
    """A learning rate that rises during a short warm-up and then falls to zero along a cosine.

    The weight `progress` of the model is the finished share of the training, so that an interrupted
    run resumes at the same point. The training has a number of steps, or a duration in minutes
    without interruptions. If the `highest` rate is None, the optimizer's own rate applies.

    >>> schedule = Schedule(1e-3, steps=10_000)
    >>> [round(float(schedule.learning_rate(share)), 6) for share in (0, 0.02, 0.51, 1)]
    [0.0, 0.001, 0.0005, 0.0]
    """

    def __init__(
        self, highest: float | None, steps: int | None = None, minutes: float | None = None
    ) -> None:
        super().__init__()
        self._steps, self._minutes = steps, minutes
        warmup = _WARMUP_STEPS / steps if steps else _WARMUP_SHARE_OF_MINUTES
        warmup = min(_LARGEST_WARMUP_SHARE, warmup)
        self.learning_rate: Any = None
        if highest:
            self.learning_rate = keras.optimizers.schedules.CosineDecay(
                0.0, 1 - warmup, warmup_target=highest, warmup_steps=warmup
            )
        self._began = 0.0

    def on_train_begin(self, logs: Any = None) -> None:
        share = float(self.model.progress)
        self._began = time.monotonic() - 60 * share * (self._minutes or 0)
        self.model.stop_training = share >= 1

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        if self.learning_rate:
            self.model.optimizer.learning_rate = self.learning_rate(float(self.model.progress))

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        if self._minutes:
            share = (time.monotonic() - self._began) / (60 * self._minutes)
        else:
            assert self._steps
            share = int(self.model.optimizer.iterations) / self._steps
        self.model.progress.assign(min(1.0, share))
        if share >= 1:
            self.model.stop_training = True

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        if logs is not None:
            logs["learning_rate"] = float(self.model.optimizer.learning_rate)


class BestEpoch(keras.callbacks.Callback):
    """At the end of training, restores the weights of the epoch with the smallest loss.

    If there are held-out pictures, their loss counts. `state` contains the variables that a resumed
    run needs. An infinite loss or NaN ends the training.
    """

    def __init__(self, loss: Any) -> None:
        super().__init__()
        self._weights = [weight for weight in loss.weights if weight is not loss.progress]
        self._best = [tf.Variable(weight.numpy()) for weight in self._weights]
        self._least = tf.Variable(np.inf)
        self.state = [*self._best, self._least]

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        values = logs or {}
        if values["loss"] < np.inf:
            value = values.get("val_loss", values["loss"])
            if value < self._least:
                self._assign(self._best, self._weights, value)
            return
        text = f"epoch {epoch + 1}: the loss is NaN or infinite; use a lower learning rate"
        if self._least == np.inf:
            raise ModelError(text)
        warn(f"{text}. The codec contains the networks of the best earlier epoch")
        self.model.stop_training = True

    def on_train_end(self, logs: Any = None) -> None:
        self._assign(self._weights, self._best, self._least)

    def _assign(self, targets: list[Any], sources: list[Any], least: Any) -> None:
        self._least.assign(least)
        for target, source in zip(targets, sources, strict=True):
            target.assign(source)


class Progress(keras.callbacks.Callback):
    """Prints a line per epoch: finished share, remaining time, and held-out measurements."""

    def on_train_begin(self, logs: Any = None) -> None:
        self._began, self._share_before = time.monotonic(), float(self.model.progress)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        share = float(self.model.progress)
        passed = (time.monotonic() - self._began) / 60
        minutes_left = passed * (1 - share) / max(share - self._share_before, 1e-9)
        measured = _measured(logs, "val_") or _measured(logs, "")
        line = f"epoch {epoch + 1}, {share:.0%}, {minutes_left:.0f} min left; held out: {measured}"
        print(line, flush=True)


def _measured(logs: dict[str, Any] | None, start: str) -> str:
    """Rate and distortion of each level; names of held-out measurements start with `val_`."""
    logs, texts = logs or {}, []
    for name in logs:
        if name.startswith(f"{start}psnr"):
            size = logs.get(name.replace("psnr", "bytes"))
            rate = "" if size is None else f"{float(size):.2f} B "
            texts.append(f"{rate}{float(logs[name]):.2f} dB")
    return ", ".join(texts)


class _Interruption(keras.callbacks.Callback):
    is_requested = False

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        if self.is_requested:
            raise KeyboardInterrupt

    on_test_batch_end = on_train_batch_end


@contextmanager
def between_steps() -> Iterator[Any]:
    """Delay Ctrl-C until the end of a training step, with the callback that is yielded.

    Within a step, Ctrl-C may be lost, because libraries ignore exceptions in callbacks. A second
    Ctrl-C takes effect immediately.
    """
    interruption, default_handler = _Interruption(), signal.default_int_handler
    is_main = threading.current_thread() is threading.main_thread()
    if not is_main or signal.getsignal(signal.SIGINT) is not default_handler:
        yield interruption
        return

    def request(*_: Any) -> None:
        interruption.is_requested = True
        signal.signal(signal.SIGINT, default_handler)

    signal.signal(signal.SIGINT, request)
    try:
        yield interruption
    finally:
        signal.signal(signal.SIGINT, default_handler)


def has_checkpoint(folder: Path) -> bool:
    return (folder / LATEST).exists()


@contextmanager
def checkpoints_in(folder: Path | None, state: Sequence[Any]) -> Iterator[list[Any]]:
    """Restore variables from a folder, and save them there after each epoch of the block.

    If the folder is None, nothing is saved. Raises UsageError if another process uses the folder,
    ModelError if its variables differ, and OSError if it cannot be written.
    """
    if folder is None:
        yield []
        return
    folder.mkdir(parents=True, exist_ok=True)
    with locked(folder, waits=False) as is_ours:
        if not is_ours:
            raise UsageError(f"{folder}: another process is already running this training")
        if has_checkpoint(folder):
            _restore(state, folder / LATEST)
        yield [keras.callbacks.LambdaCallback(on_epoch_end=lambda *_: _save(state, folder))]


def _save(state: Sequence[Any], folder: Path) -> None:
    content = io.BytesIO()
    np.savez(content, *(variable.numpy() for variable in state))
    write_file(folder / LATEST, content.getvalue(), replace=True)


def _restore(state: Sequence[Any], path: Path) -> None:
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as arrays:
            values = [arrays[name] for name in arrays.files]
    except Exception as error:  # NumPy may raise anything for damaged files
        warn(f"{path} cannot be read ({error}): training starts from the beginning")
        return
    if [value.shape for value in values] != [tuple(variable.shape) for variable in state]:
        raise ModelError(f"{path.parent} contains different networks: delete this folder")
    for variable, value in zip(state, values, strict=True):
        variable.assign(value)
