"""The state of a training on disk, from which an interrupted training resumes.

The file `latest.npz` has the weights, the optimizer and the progress after the last epoch, with
checksums. It is written atomically, so a process may be killed at any time. The numbers of the
epoch and the batch follow from the optimizer's step count in the file. The format is not HDF5,
because that library terminates the process if the disk is full.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import keras
import numpy as np

from aecodec.atomic import locked, write_file
from aecodec.errors import ModelError, UsageError, warn

LATEST = "latest.npz"


def has_checkpoint(folder: Path) -> bool:
    """Whether a folder contains the state of a training after an epoch."""
    return (folder / LATEST).exists()


@contextmanager
def checkpoints_in(folder: Path | None, model: Any) -> Iterator[list[Any]]:
    """Restore a model from the state in a folder, and save its state there during the block.

    The folder is created if it does not exist; with None, nothing is saved. All variables of the
    Keras model and its optimizer must exist. Yields callbacks for the training.

    Raises UsageError if another process uses the folder, ModelError if the state belongs to another
    model, and OSError if the folder cannot be written.
    """
    if folder is None:
        yield []
        return
    folder.mkdir(parents=True, exist_ok=True)
    with locked(folder, waits=False) as is_ours:
        if not is_ours:
            raise UsageError(f"{folder}: another process is running this training")
        if has_checkpoint(folder):
            _restore(model, folder / LATEST)
        yield [keras.callbacks.LambdaCallback(on_epoch_end=lambda *_: _save(model, folder))]


def _save(model: Any, folder: Path) -> None:
    content = io.BytesIO()
    np.savez(content, *(variable.numpy() for variable in _state_of(model)))
    write_file(folder / LATEST, content.getvalue(), replace=True)


def _restore(model: Any, path: Path) -> None:
    """Restore a model, unless the file is damaged, which is warned of."""
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as arrays:
            values = [arrays[name] for name in arrays.files]
    except Exception as error:  # NumPy may raise anything for damaged files
        warn(f"{path} cannot be read ({error}): the training starts from the beginning")
        return
    state = _state_of(model)
    if [value.shape for value in values] != [tuple(variable.shape) for variable in state]:
        raise ModelError(
            f"{path.parent} contains the state of other networks: delete it to start from the "
            "beginning"
        )
    for variable, value in zip(state, values, strict=True):
        variable.assign(value)


def _state_of(model: Any) -> list[Any]:
    return [*model.weights, *model.optimizer.variables]
