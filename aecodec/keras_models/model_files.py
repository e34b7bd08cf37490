"""Opening Keras models from HDF5 and `.keras` files."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import keras

from aecodec.codec_files.file_names import Half
from aecodec.codec_files.folder import CodecFolder
from aecodec.errors import ModelError
from aecodec.keras_models import layers  # noqa: F401 - registers aecodec's layers with Keras


def load_model(path: Path | str) -> Any:
    """Open a Keras model from an HDF5 or `.keras` file, aecodec's own layers included.

    Raises:
        ModelError: there is no model in the file.
    """
    try:
        return keras.saving.load_model(path, compile=False)
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise ModelError(f"{path}: Keras cannot open this as a model ({error})") from error


def open_model(name: str, content: bytes) -> Any:
    """Open the Keras model in the content of an HDF5 or `.keras` file.

    Args:
        name: name of the file, whose suffix tells the format.
        content: the bytes of the file.

    Raises:
        ModelError: there is no model in the content.
    """
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, name)
        file.write_bytes(content)
        return load_model(file)


def keras_half(folder: CodecFolder, half: Half) -> Any:
    """The float Keras model of one half of a codec.

    Raises:
        CodecError: its HDF5 file is absent or damaged.
    """
    return open_model(half.hdf5, folder.read(half.hdf5))
