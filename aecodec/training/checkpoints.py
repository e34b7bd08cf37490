"""The state of a training on disk, from which an interrupted training resumes.

    latest.npz      weights, optimizer and progress after the last epoch, with checksums
    previous.npz    the state after the previous epoch

Files are written atomically, so a process may be killed at any time. The numbers of the epoch and
the batch follow from the optimizer's step count in the file. The format is not HDF5, because that
library terminates the process if the disk is full.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import keras
import numpy as np

from aecodec.atomic import held, sweep, sync_folder, temporary_file
from aecodec.errors import ModelError, UsageError, warn

LATEST, PREVIOUS = "latest.npz", "previous.npz"


def has_checkpoint(folder: Path) -> bool:
    """Whether a folder contains the state of a training after an epoch."""
    return any((folder / name).exists() for name in (LATEST, PREVIOUS))


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
    with held(folder) as is_ours:
        if not is_ours:
            raise UsageError(f"{folder}: another process is running this training")
        sweep([folder])
        yield [_Checkpoints(folder, _restored_from(folder, model))]


def _restored_from(folder: Path, model: Any) -> str | None:
    """Restore a model, and return the name of the file, or None if there is no readable file."""
    problems: dict[str, Exception] = {}
    for name in (LATEST, PREVIOUS):
        try:
            values = _read(folder / name)
        except FileNotFoundError:
            continue
        except Exception as error:  # NumPy may raise anything for damaged files
            problems[name] = error
            continue
        _assign(values, model, folder)
        _warn_of(folder, problems, "the training resumes from the previous checkpoint")
        return name
    _warn_of(folder, problems, "the training starts from the beginning")
    return None


def _state_of(model: Any) -> list[Any]:
    return [*model.weights, *model.optimizer.variables]


def _read(path: Path) -> list[Any]:
    with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as arrays:
        return [arrays[name] for name in arrays.files]


def _values_of(model: Any) -> list[Any]:
    return [variable.numpy() for variable in _state_of(model)]


def _assign(values: Sequence[Any], model: Any, folder: Path) -> None:
    state = _state_of(model)
    if [value.shape for value in values] != [tuple(variable.shape) for variable in state]:
        raise ModelError(
            f"{folder} contains the state of other networks: delete it to start from the beginning"
        )
    for variable, value in zip(state, values, strict=True):
        variable.assign(value)


def _warn_of(folder: Path, problems: dict[str, Exception], consequence: str) -> None:
    for name, error in problems.items():
        message = f"{folder / name} cannot be read ({error}): {consequence}"
        warn(message)


class _Checkpoints(keras.callbacks.Callback):
    """Writes the state after each epoch; `readable` is the file that was read, or None."""

    def __init__(self, folder: Path, readable: str | None) -> None:
        super().__init__()
        self._folder, self._readable = folder, readable

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        latest, content = self._folder / LATEST, io.BytesIO()
        np.savez(content, *_values_of(self.model))
        with temporary_file(self._folder, content.getvalue()) as new:
            if self._readable == LATEST:
                os.replace(latest, self._folder / PREVIOUS)
            os.replace(new, latest)
        sync_folder(self._folder)
        self._readable = LATEST
