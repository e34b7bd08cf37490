"""Ctrl-C ends a training between two steps, and checkpoints survive whatever ends a training."""

from __future__ import annotations

import os
import signal
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from aecodec.base.errors import AecodecWarning, ModelError, UsageError
from aecodec.training.callbacks import LATEST, between_steps, checkpoints_in, has_checkpoint


@pytest.fixture(autouse=True)
def _own_handler() -> Iterator[None]:
    """Shells start what runs in the background with Ctrl-C ignored, these tests too."""
    usual = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, usual)


def test_ctrl_c_waits_for_the_end_of_a_step_but_not_twice() -> None:
    with between_steps() as interruption:
        interruption.on_train_batch_end(0)
        signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            interruption.on_train_batch_end(1)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def new_model(units: int = 1) -> Any:
    """A model whose weights are 1 more after each step, as their gradient is -1."""
    layer = keras.layers.Dense(units, use_bias=False, kernel_initializer="zeros")
    model = keras.Sequential([keras.Input((1,)), layer])
    model.compile(keras.optimizers.SGD(1.0), loss=lambda _, output: -keras.ops.mean(output))
    model.optimizer.build(model.trainable_variables)
    return model


def state_of(model: Any) -> list[Any]:
    return [*model.weights, *model.optimizer.variables]


def trained(folder: Path, epochs: int) -> float:
    """The weight after training for one step an epoch, from where a folder says."""
    model, ones = new_model(), np.ones((1, 1), np.float32)
    with checkpoints_in(folder, state_of(model)) as callbacks, warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # Keras's own
        first = int(model.optimizer.iterations)
        model.fit(ones, ones, initial_epoch=first, epochs=epochs, verbose=0, callbacks=callbacks)
    return float(model.get_weights()[0][0, 0])


def test_a_training_goes_on_from_its_last_whole_state_alone(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    assert not has_checkpoint(folder)
    assert trained(folder, 3) == 3
    assert os.listdir(folder) == [LATEST]
    assert has_checkpoint(folder)
    assert trained(folder, 5) == 5
    with pytest.raises(ModelError, match="different networks"):
        checkpoints_in(folder, state_of(new_model(3))).__enter__()
    with (
        checkpoints_in(folder, state_of(new_model())),
        pytest.raises(UsageError, match="another process"),
        checkpoints_in(folder, state_of(new_model())),
    ):
        pass
    for damaged in (b"", b"PK\x03\x04 cut short"):
        (folder / LATEST).write_bytes(damaged)
        with pytest.warns(AecodecWarning, match="starts from the beginning"):
            assert trained(folder, 1) == 1
