"""Windows of files by ctypes."""

from __future__ import annotations

from ctypes import byref, c_uint32

import numpy as np
import pytest

import aecodec
from aecodec.codec.registry import load_codec
from aecodec.native import structures
from aecodec.native.heads import FileHead
from aecodec.native.library import LIBRARY


@pytest.mark.parametrize(
    "place",
    [(0, 1, 0, 10, 0, 9), (0, 0, 0, 9, 0, 9), (1, 1, 0, 9, 0, 9), (0, 1, 0, 9, 2**32 - 1, 9)],
)
def test_windows_beyond_the_picture_are_refused(place: tuple[int, ...]) -> None:
    data = aecodec.compress(np.zeros((9, 9), np.int16), max_error=0)
    codec = load_codec("samples").folder.native
    head = FileHead.open(codec, lambda start, stop: data[start:stop], len(data))
    assert head is not None
    given = head._handle, byref(structures.Region(*place)), None, byref(c_uint32())
    assert LIBRARY.aecodec_window_plan(*given) == structures.BAD_ARGUMENT
