"""The state of a training on disk, for an interrupted one to go on.

    latest.npz      weights, optimizer and progress after the last epoch, with checksums
    previous.npz    the same after the epoch before

Each is written beside its place, put on the disk and renamed, so a process may be killed at any
time. Numbers of epochs and batches follow from the optimizer's count of steps, within the file. It
is no HDF5 file, as that library ends the process where the disk is full.
"""

from __future__ import annotations

import io
import os
import shutil
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import keras
import numpy as np

from aecodec.atomic.disk import sync_folder
from aecodec.atomic.locks import held
from aecodec.atomic.temporary import sweep, temporary_file
from aecodec.errors import AecodecWarning, ModelError, UsageError

LATEST, PREVIOUS = "latest.npz", "previous.npz"

_FORMER, _FORMER_PREVIOUS = "latest.weights.h5", "latest.weights.h5.bkp"
"""Names of both in folders of earlier versions."""

_ALL = (LATEST, PREVIOUS, _FORMER, _FORMER_PREVIOUS)


def has_checkpoint(folder: Path) -> bool:
    """Whether a folder has the state of a training after an epoch."""
    return any((folder / name).exists() for name in _ALL)


@contextmanager
def checkpoints_in(folder: Path | None, model: Any) -> Iterator[list[Any]]:
    """Restore a model from the state in a folder, and keep its state there in the block.

    Args:
        folder: the folder, which is made if it does not exist; nothing is kept if None.
        model: Keras model with an optimizer, all of whose variables exist.

    Yields:
        Keras callbacks for the training.

    Raises:
        UsageError: another process is using the folder.
        ModelError: the state is of another model.
        OSError: the folder cannot be written.
    """
    if folder is None:
        yield []
        return
    folder.mkdir(parents=True, exist_ok=True)
    with held(folder) as is_ours:
        if not is_ours:
            raise UsageError(f"{folder}: another process goes on with this training")
        sweep([folder])
        yield [_Checkpoints(folder, _restored_from(folder, model))]


def _restored_from(folder: Path, model: Any) -> str | None:
    """Restore a model, and return the name of the file that was read; None if there is none."""
    problems: dict[str, Exception] = {}
    for name in _ALL:
        try:
            values = _read(folder / name, model)
        except FileNotFoundError:
            continue
        except Exception as error:  # whatever damage leads NumPy and h5py to
            problems[name] = error
            continue
        _assign(values, model, folder)
        _warn_of(folder, problems, "the training goes on from the one before")
        return name
    _warn_of(folder, problems, "the training starts anew")
    return None


def _state_of(model: Any) -> list[Any]:
    """The variables of a training."""
    return [*model.weights, *model.optimizer.variables]


def _read(path: Path, model: Any) -> list[Any]:
    """The values in a file, all of them, before the model changes."""
    if path.name in (LATEST, PREVIOUS):
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as arrays:
            return [arrays[name] for name in arrays.files]
    before = [each.numpy() for each in _state_of(model)]
    with TemporaryDirectory() as folder:
        file = shutil.copyfile(path, Path(folder, _FORMER))  # Keras wants this ending
        try:
            model.load_weights(file)
            return [each.numpy() for each in _state_of(model)]
        finally:
            _assign(before, model, path.parent)


def _assign(values: Sequence[Any], model: Any, folder: Path) -> None:
    state = _state_of(model)
    if [each.shape for each in values] != [tuple(each.shape) for each in state]:
        raise ModelError(f"{folder} holds the state of other networks: delete it to start anew")
    for variable, value in zip(state, values, strict=True):
        variable.assign(value)


def _warn_of(folder: Path, problems: dict[str, Exception], what_follows: str) -> None:
    for name, error in problems.items():
        message = f"{folder / name} cannot be read ({error}): {what_follows}"
        warnings.warn(message, AecodecWarning, stacklevel=2)


class _Checkpoints(keras.callbacks.Callback):
    """Writes the state after each epoch.

    Args:
        folder: where it is kept.
        whole: name of the file there that is known to be whole, or None.
    """

    def __init__(self, folder: Path, whole: str | None) -> None:
        super().__init__()
        self._folder, self._whole = folder, whole

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        latest, content = self._folder / LATEST, io.BytesIO()
        np.savez(content, *(each.numpy() for each in _state_of(self.model)))
        with temporary_file(self._folder, content.getvalue()) as new:
            if self._whole == LATEST:
                os.replace(latest, self._folder / PREVIOUS)
            os.replace(new, latest)
        sync_folder(self._folder)
        self._whole = LATEST
