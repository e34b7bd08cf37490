"""Checkpoints survive whatever ends a training."""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from aecodec.errors import AecodecWarning, ModelError, UsageError
from aecodec.training.checkpoints import LATEST, checkpoints_in, has_checkpoint

EPOCHS = 3


def new_model() -> Any:
    """A model of one weight, which is 1 more after each step, as its gradient is -1."""
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
    model.set_weights([np.zeros((1, 1))])
    model.compile(keras.optimizers.SGD(1.0), loss=lambda _, output: -keras.ops.mean(output))
    model.optimizer.build(model.trainable_variables)
    return model


def weight_of(model: Any) -> float:
    return float(model.get_weights()[0][0, 0])


def train(folder: Path, epochs: int = EPOCHS) -> Any:
    """Train for one step an epoch, from where a folder says."""
    model = new_model()
    ones = np.ones((1, 1), np.float32)
    with checkpoints_in(folder, model) as callbacks, warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # Keras's own
        first = int(model.optimizer.iterations)
        model.fit(ones, ones, initial_epoch=first, epochs=epochs, verbose=0, callbacks=callbacks)
    return model


def restored(folder: Path) -> float:
    model = new_model()
    with checkpoints_in(folder, model):
        assert int(model.optimizer.iterations) == weight_of(model)
        return weight_of(model)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the state after three epochs."""
    assert not has_checkpoint(tmp_path / "state")
    train(tmp_path / "state")
    return tmp_path / "state"


def test_the_last_state_is_restored(folder: Path) -> None:
    assert os.listdir(folder) == [LATEST]
    assert has_checkpoint(folder)
    assert restored(folder) == EPOCHS
    assert weight_of(train(folder, EPOCHS + 2)) == EPOCHS + 2


@pytest.mark.parametrize("damaged", [b"", b"PK\x03\x04 cut short"])
def test_without_a_whole_state_the_training_starts_anew(folder: Path, damaged: bytes) -> None:
    (folder / LATEST).write_bytes(damaged)
    with pytest.warns(AecodecWarning, match="starts from the beginning"):
        assert restored(folder) == 0


def test_the_state_of_another_model_is_refused(folder: Path) -> None:
    model = keras.Sequential([keras.Input((7,)), keras.layers.Dense(3)])
    model.compile("sgd")
    model.optimizer.build(model.trainable_variables)
    with pytest.raises(ModelError, match="other networks"):
        checkpoints_in(folder, model).__enter__()


def test_one_process_at_a_time_goes_on_with_a_training(folder: Path) -> None:
    with (
        checkpoints_in(folder, new_model()),
        pytest.raises(UsageError, match="another process"),
        checkpoints_in(folder, new_model()),
    ):
        pass
