"""The state of a training on disk, for an interrupted one to go on.

    latest.weights.h5      networks, entropy model, optimizer and progress after the last epoch
    previous.weights.h5    the same after the epoch before

Each is written beside its place, put on the disk and renamed, so a process may be killed at any
time. Numbers of epochs and batches follow from the optimizer's count of steps, within the file.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import keras

from aecodec.atomic.disk import sync_file, sync_folder
from aecodec.atomic.locks import held
from aecodec.atomic.temporary import sweep, temporary_folder
from aecodec.errors import AecodecWarning, ModelError, UsageError

LATEST, PREVIOUS = "latest.weights.h5", "previous.weights.h5"

_FORMER_PREVIOUS = "latest.weights.h5.bkp"
"""Name of the previous state in folders of earlier versions."""


def has_checkpoint(folder: Path) -> bool:
    """Whether a folder has the state of a training after an epoch."""
    return any((folder / name).exists() for name in (LATEST, PREVIOUS, _FORMER_PREVIOUS))


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
    with suppress(FileNotFoundError):
        os.replace(folder / _FORMER_PREVIOUS, folder / PREVIOUS)
    problems: dict[str, Exception] = {}
    for name in (LATEST, PREVIOUS):
        try:
            model.load_weights(folder / name)
        except FileNotFoundError:
            continue
        except Exception as error:  # whatever damage leads h5py and Keras to
            problems[name] = error
        else:
            _warn_of(folder, problems, "the training goes on from the one before")
            return name
    if any(not isinstance(error, OSError) for error in problems.values()):  # a part was read
        raise ModelError(f"{folder}: no checkpoint can be read ({problems}): delete this folder")
    _warn_of(folder, problems, "the training starts anew")
    return None


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
        latest = self._folder / LATEST
        with temporary_folder(self._folder) as new:
            file = new / LATEST
            self.model.save_weights(file)
            sync_file(file)
            if self._whole == LATEST:
                os.replace(latest, self._folder / PREVIOUS)
            os.replace(file, latest)
        sync_folder(self._folder)
        self._whole = LATEST
