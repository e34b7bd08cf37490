"""The shared library, which `setup.py` builds into this folder, with the types of its functions."""

from __future__ import annotations

import ctypes
import sys
from pathlib import Path
from typing import Any

import numpy.typing as npt

from aecodec.base.errors import AecodecError
from aecodec.native.structures import FUNCTIONS

Array = npt.NDArray[Any]

_NAMES = {"win32": "aecodec.dll", "darwin": "libaecodec.dylib"}
_PATH = Path(__file__).with_name(_NAMES.get(sys.platform, "libaecodec.so"))


def _load() -> Any:
    try:
        library = ctypes.CDLL(str(_PATH))
    except OSError as error:
        raise AecodecError("this checkout is not built: run pip install -e '.[plot]'") from error
    for name, (result, parameters) in FUNCTIONS.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, parameters
    return library


LIBRARY: Any = _load()
"""The functions of `aecodec_library.h`; importing this module raises AecodecError without them."""


def taken(address: Any, size: int) -> bytes:
    """Copy bytes that the library made, and free their memory."""
    content = ctypes.string_at(address, size)
    LIBRARY.aecodec_free(address)
    return content


def address_of(array: Array) -> int:
    """The address of the first number of a contiguous array, which must outlive its use."""
    return array.ctypes.data
