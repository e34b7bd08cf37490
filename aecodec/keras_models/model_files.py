"""Keras models in HDF5, `.keras` and `.onnx` files, and the custom objects that they need."""

from __future__ import annotations

import importlib
import json
import re
import runpy
import sys
import tempfile
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import h5py
import keras
from absl import logging as absl_logging

from aecodec.base.errors import ModelError, UsageError
from aecodec.codec_files.file_names import Half
from aecodec.codec_files.folder import CodecFolder
from aecodec.keras_models import codes, layers  # noqa: F401 - registers aecodec's layers with Keras
from aecodec.keras_models.onnx_files import load_onnx

_FIRST_SAFE_KERAS = (3, 11, 3)

_CONVERT = (
    "run pip install tf_keras and then, in Python, `import tf_keras; "
    "tf_keras.models.load_model({path}, compile=False).save('model.h5')`"
)
_SAVED_MODEL = (
    "is a SavedModel, which Keras 3 cannot open. If Keras 2 wrote it, "
    + _CONVERT
    + ". If Keras 3 exported it, save the model itself with model.save('model.keras')"
)
_WEIGHTS_ONLY = (
    "contains weights, but not the model: build the model in Python, then call "
    "model.load_weights(...) and model.save('model.keras')"
)
_TORCH_SUFFIXES = (".pt", ".pth", ".ckpt", ".safetensors")
_EXPORT = (
    "build the model in Python, load its weights, and call "
    "aecodec.export.from_torch(model.encoder, model.decoder, pictures, 'my-codec')"
)
_UNKNOWN_CLASS = re.compile(
    r"(?:Could not locate (?:class|function)|Unknown (?:layer|object|activation function)"
    r"|Could not interpret [\w ]+ identifier)[: ]*'?([\w.>]+)'?"
)


def load_model(path: Path | str) -> Any:
    """Open a Keras model, which may use layers of aecodec, from an HDF5, `.keras` or `.onnx` file.

    Files of Keras 2 are opened if Keras 3 supports them. ONNX models are converted
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
    aecodec.base.errors.ModelError: Keras 3.9.0 runs any code in models: pip install 'keras>=3.12.1'
    """
    if tuple(int(number) for number in re.findall(r"\d+", version)[:3]) < _FIRST_SAFE_KERAS:
        raise ModelError(f"Keras {version} runs any code in models: pip install 'keras>=3.12.1'")


def _check_is_model_file(path: Path) -> None:
    if path.is_dir():
        is_saved_model = (path / "saved_model.pb").is_file()
        advice = _SAVED_MODEL.format(path=repr(str(path)))
        raise ModelError(f"{path} {advice if is_saved_model else 'is a folder: use a file'}")
    if not path.is_file():
        raise ModelError(f"{path}: no such file")
    if path.suffix.lower() in _TORCH_SUFFIXES:
        raise ModelError(f"{path} is a PyTorch file, with weights but no graph: {_EXPORT}")
    if h5py.is_hdf5(path):
        with h5py.File(path) as file:
            if "model_config" not in file.attrs:
                raise ModelError(f"{path} {_WEIGHTS_ONLY}")


def _advice(path: Path, error: Exception) -> str:
    text = str(error)
    if "torch" in text:
        return f"a TorchModuleWrapper contains PyTorch code, which aecodec does not run: {_EXPORT}"
    unknown = _UNKNOWN_CLASS.search(text)
    if unknown:
        return (
            f"the model uses {unknown[1]}, which is not in Keras: name its module, for example "
            f"--custom-objects module:{unknown[1].split('>')[-1]}"
        )
    if "Lambda" in text or "safe_mode" in text:
        return (
            "a Lambda layer contains code, which aecodec does not run: rewrite the layer with "
            "keras.ops, or as a layer class for --custom-objects, and save the model again"
        )
    if _is_of_keras_2(path):
        return f"Keras 3 cannot open this Keras 2 model: {_CONVERT.format(path=repr(str(path)))}"
    summary = text.strip().splitlines()[0] if text.strip() else type(error).__name__
    return f"Keras cannot open a model from this file ({summary[:300]})"


def _is_of_keras_2(path: Path) -> bool:
    try:
        if h5py.is_hdf5(path):
            with h5py.File(path) as file:
                return str(file.attrs.get("keras_version", "")).startswith("2")
        with zipfile.ZipFile(path) as archive:
            return str(json.loads(archive.read("metadata.json"))["keras_version"])[0] == "2"
    except (OSError, ValueError, KeyError, IndexError, zipfile.BadZipFile):
        return False


def keras_half(folder: CodecFolder, half: Half) -> Any:
    """The float model of a half; CodecError if its HDF5 file is missing, ModelError if damaged."""
    with tempfile.TemporaryDirectory() as temporary:
        file = Path(temporary, half.hdf5)
        file.write_bytes(folder.read(half.hdf5))
        return load_model(file)


def hdf5_bytes(model: Any) -> bytes:
    verbosity = absl_logging.get_verbosity()
    absl_logging.set_verbosity(absl_logging.ERROR)  # Keras warns that HDF5 is a legacy format
    try:
        with tempfile.TemporaryDirectory() as folder:
            model.save(file := Path(folder, "model.hdf5"), include_optimizer=False)
            return file.read_bytes()
    finally:
        absl_logging.set_verbosity(verbosity)


def register_custom_objects(names: Iterable[str]) -> None:
    """Register objects with Keras; arguments and errors are those of :func:`imported_object`."""
    for name in names:
        attribute = name.rpartition(":")[2]
        keras.saving.get_custom_objects()[attribute] = imported_object(name)


def imported_object(name: str) -> Any:
    """Import a class or a function, `module:name` or `file.py:name`.

    This runs the code of its module, which may be in the working directory. Raises UsageError if
    the module or the object does not exist, or the module fails.
    """
    module, _, attribute = name.rpartition(":")
    if not module or not attribute:
        raise UsageError(f"{name}: use module:name or file.py:name")
    try:
        return _imported(module)[attribute]
    except Exception as error:  # the code of the module may raise anything
        raise UsageError(f"{name}: cannot be imported ({type(error).__name__}: {error})") from error


def _imported(module: str) -> dict[str, Any]:
    if module.endswith(".py"):
        return runpy.run_path(module)
    sys.path.insert(0, str(Path.cwd()))
    try:
        return vars(importlib.import_module(module))
    finally:
        sys.path.pop(0)
