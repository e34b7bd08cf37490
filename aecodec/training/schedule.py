"""The learning-rate schedule, which ends a training after a number of steps or minutes."""

from __future__ import annotations

import math
import time
from typing import Any

import keras

from aecodec.errors import UsageError

_WARMUP_STEPS = 200
_LARGEST_WARMUP_SHARE = 0.1
_WARMUP_SHARE_OF_MINUTES = 0.02


class Schedule(keras.callbacks.Callback):
    """A learning rate that rises during a short warm-up and then falls to zero along a cosine.

    The weight `progress` of the model is the finished share of the training, so that an interrupted
    training resumes at the same point. The training has a number of steps, or a duration in minutes
    without interruptions; raises UsageError if both are set, or neither.

    >>> schedule = Schedule(1e-3, steps=10_000)
    >>> [round(schedule.learning_rate(done), 6) for done in (0, 0.02, 0.51, 1)]
    [0.0, 0.001, 0.0005, 0.0]
    """

    def __init__(
        self, highest: float, steps: int | None = None, minutes: float | None = None
    ) -> None:
        super().__init__()
        if (steps is None) == (minutes is None):
            raise UsageError("a training needs a number of epochs or a number of minutes, not both")
        self._highest, self._steps, self._minutes = highest, steps, minutes
        share = _WARMUP_STEPS / steps if steps else _WARMUP_SHARE_OF_MINUTES
        self._warmup = min(_LARGEST_WARMUP_SHARE, share)
        self._began = 0.0

    def learning_rate(self, done: float) -> float:
        """The learning rate when a share of the training, in 0..1, is finished."""
        if done < self._warmup:
            return self._highest * done / self._warmup
        falling = (done - self._warmup) / (1 - self._warmup)
        return self._highest * (1 + math.cos(math.pi * falling)) / 2

    def on_train_begin(self, logs: Any = None) -> None:
        done = float(self.model.progress)
        self._began = time.monotonic() - 60 * done * (self._minutes or 0)
        self._stop_if_done(done)

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        self.model.optimizer.learning_rate = self.learning_rate(float(self.model.progress))

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        done = self._done()
        self.model.progress.assign(done)
        self._stop_if_done(done)

    def _done(self) -> float:
        if self._minutes:
            return min(1.0, (time.monotonic() - self._began) / (60 * self._minutes))
        assert self._steps
        return min(1.0, int(self.model.optimizer.iterations) / self._steps)

    def _stop_if_done(self, done: float) -> None:
        if done >= 1:
            self.model.stop_training = True
