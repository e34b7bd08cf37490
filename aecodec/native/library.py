"""The shared library, which setup.py builds into this folder."""

import ctypes
import sys
from pathlib import Path
from typing import Any

import numpy.typing as npt

from aecodec.errors import AecodecError

Array = npt.NDArray[Any]

_NAMES = {"win32": "aecodec.dll", "darwin": "libaecodec.dylib"}
_PATH = Path(__file__).with_name(_NAMES.get(sys.platform, "libaecodec.so"))


def _load() -> ctypes.CDLL:
    try:
        return ctypes.CDLL(str(_PATH))
    except OSError as error:
        raise AecodecError("this checkout is not built: run pip install -e '.[plot]'") from error


LIBRARY = _load()
"""The library; importing this module raises AecodecError if it is missing."""


def address_of(array: Array) -> int:
    """The address of the first number of a contiguous array, which must outlive its use."""
    try:
        return ctypes.addressof(ctypes.c_char.from_buffer(array.data))  # in a fifth of the time
    except (TypeError, ValueError):  # read-only, or empty
        address: int = array.ctypes.data
        return address
