"""Custom classes and functions in model files, which Keras must know."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType
from typing import Any

import keras

from aecodec.errors import UsageError


def register_custom_objects(names: Iterable[str]) -> None:
    """Import objects, `module:Name` or `file.py:Name`, and register them with Keras.

    This runs the code of their modules, which may be in the working directory. Raises UsageError if
    a module or an object does not exist, or the module fails.

    >>> register_custom_objects(["string:Template"])
    >>> keras.saving.get_custom_objects()["Template"].__name__
    'Template'
    """
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
        raise UsageError(f"{name}: give module:name or file.py:name")
    try:
        return getattr(_imported(module), attribute)
    except Exception as error:  # the code of the module may raise anything
        raise UsageError(f"{name}: cannot be imported ({type(error).__name__}: {error})") from error


def _imported(module: str) -> ModuleType:
    if module.endswith(".py"):
        return _from_file(Path(module))
    sys.path.insert(0, str(Path.cwd()))
    try:
        return importlib.import_module(module)
    finally:
        sys.path.pop(0)


def _from_file(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is not a Python file")
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded
