"""Keras models in HDF5, `.keras` and `.onnx` files."""

from __future__ import annotations

import json
import re
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import h5py
import keras

from aecodec.codec_files.file_names import Half
from aecodec.codec_files.folder import CodecFolder
from aecodec.errors import ModelError
from aecodec.keras_models import codes, layers  # noqa: F401 - registers aecodec's layers with Keras
from aecodec.keras_models.onnx_files import load_onnx


class _WithoutGroups:
    """Opens layers of Keras 2, whose configurations contain `groups` with the value 1."""

    layer: type[Any]

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """The layer of Keras 3."""
        return cls.layer(**{name: value for name, value in config.items() if name != "groups"})


class _Conv2DTranspose(_WithoutGroups):
    layer = keras.layers.Conv2DTranspose


class _DepthwiseConv2D(_WithoutGroups):
    layer = keras.layers.DepthwiseConv2D


_LAYERS_OF_KERAS_2 = {"Conv2DTranspose": _Conv2DTranspose, "DepthwiseConv2D": _DepthwiseConv2D}

_FIRST_SAFE_KERAS = (3, 11, 3)

_CONVERT = (
    "pip install tf_keras, and then in Python: import tf_keras; "
    "tf_keras.models.load_model({path}, compile=False).save('model.h5')"
)
_SAVED_MODEL = (
    "is a SavedModel, which Keras 3 does not open. If Keras 2 wrote it: "
    + _CONVERT
    + ". If Keras 3 exported it: save the model itself with model.save('model.keras')"
)
_WEIGHTS_ONLY = (
    "contains only weights, without a model: build the model in Python, then call "
    "model.load_weights(...) and model.save('model.keras')"
)
_TORCH_SUFFIXES = (".pt", ".pth", ".ckpt", ".safetensors")
_EXPORT = (
    "export each half to ONNX in Python: import torch; half = model.encoder.eval(); "
    "torch.onnx.export(half, (torch.rand(1, 3, 64, 64),), 'encoder.onnx')"
)
_UNKNOWN_CLASS = re.compile(
    r"(?:Could not locate (?:class|function)|Unknown (?:layer|object|activation function)"
    r"|Could not interpret [\w ]+ identifier)[: ]*'?([\w.>]+)'?"
)


def load_model(path: Path | str) -> Any:
    """Open a Keras model, which may use layers of aecodec, from an HDF5, `.keras` or `.onnx` file.

    Files of Keras 2 and Keras 3 are opened if Keras 3 supports them. ONNX models are converted
    (:mod:`aecodec.keras_models.onnx_files`). Code in files is never run.

    Raises:
        AecodecError: the file needs the package `onnx`.
        ModelError: the file does not contain a model that can be opened, or the installed Keras
            would run code in the file.
    """
    _check_keras(keras.__version__)
    path = Path(path)
    _check_is_model_file(path)
    if path.suffix.lower() == ".onnx":
        return load_onnx(path)
    try:
        with keras.saving.custom_object_scope(_LAYERS_OF_KERAS_2 if _is_of_keras_2(path) else {}):
            return keras.saving.load_model(path, compile=False, safe_mode=True)
    except Exception as error:  # damaged files and unknown layers may raise anything
        raise ModelError(f"{path}: {_advice(path, error)}") from error


def _check_keras(version: str) -> None:
    """Raise ModelError if Keras runs code in files.

    Before 3.11.3 it runs the code of Lambda layers in HDF5 files, even with `safe_mode`.

    >>> _check_keras("3.11.3")
    >>> _check_keras("3.9.0")
    Traceback (most recent call last):
        ...
    aecodec.errors.ModelError: Keras 3.9.0 runs code in HDF5 files: pip install 'keras>=3.12.1'
    """
    if tuple(int(number) for number in re.findall(r"\d+", version)[:3]) < _FIRST_SAFE_KERAS:
        raise ModelError(f"Keras {version} runs code in HDF5 files: pip install 'keras>=3.12.1'")


def _check_is_model_file(path: Path) -> None:
    """Raise ModelError, with advice, if a path is not a model file."""
    if path.is_dir():
        is_saved_model = (path / "saved_model.pb").is_file()
        advice = _SAVED_MODEL.format(path=repr(str(path)))
        raise ModelError(f"{path} {advice if is_saved_model else 'is a folder: give a file'}")
    if not path.is_file():
        raise ModelError(f"{path}: no such file")
    if path.suffix.lower() in _TORCH_SUFFIXES:
        raise ModelError(f"{path} is a PyTorch file, which contains no graph: {_EXPORT}")
    if h5py.is_hdf5(path):
        with h5py.File(path) as file:
            if "model_config" not in file.attrs:
                raise ModelError(f"{path} {_WEIGHTS_ONLY}")


def _advice(path: Path, error: Exception) -> str:
    """Advice about a model that Keras does not open."""
    text = str(error)
    if "torch" in text:
        return (
            f"a TorchModuleWrapper contains code of PyTorch, which aecodec does not run: {_EXPORT}"
        )
    unknown = _UNKNOWN_CLASS.search(text)
    if unknown:
        return (
            f"needs {unknown[1]}, which is not part of Keras: name its module, for example "
            f"--custom-objects module:{unknown[1].split('>')[-1]}"
        )
    if "Lambda" in text or "safe_mode" in text:
        return (
            "a Lambda layer contains code, which aecodec does not run: write its function with "
            "keras.ops, or as a layer class for --custom-objects, and save the model again"
        )
    if _is_of_keras_2(path):
        return (
            f"Keras 3 does not open this model of Keras 2: {_CONVERT.format(path=repr(str(path)))}"
        )
    summary = text.strip().splitlines()[0] if text.strip() else type(error).__name__
    return f"Keras cannot open this as a model ({summary[:300]})"


def _is_of_keras_2(path: Path) -> bool:
    """Whether Keras 2 wrote a file, according to its metadata."""
    try:
        if h5py.is_hdf5(path):
            with h5py.File(path) as file:
                return str(file.attrs.get("keras_version", "")).startswith("2")
        with zipfile.ZipFile(path) as archive:
            return str(json.loads(archive.read("metadata.json"))["keras_version"])[0] == "2"
    except (OSError, ValueError, KeyError, IndexError, zipfile.BadZipFile):
        return False


def open_model(name: str, content: bytes) -> Any:
    """Open the Keras model in the content of an HDF5 or `.keras` file.

    The suffix of the name determines the format. Raises ModelError if the content is not a model
    that can be opened.
    """
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, name)
        file.write_bytes(content)
        return load_model(file)


def keras_half(folder: CodecFolder, half: Half) -> Any:
    """The float Keras model of a half of a codec.

    Raises CodecError if its HDF5 file is missing or damaged.
    """
    return open_model(half.hdf5, folder.read(half.hdf5))
