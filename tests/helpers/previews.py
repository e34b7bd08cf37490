"""Digests of decoded previews, which all implementations must have, and the implementation in C."""

from __future__ import annotations

import ctypes
import hashlib
from ctypes import byref, c_int, c_size_t, create_string_buffer
from functools import cache
from pathlib import Path

import numpy as np
from helpers.c.library import SANITIZER, compile_c
from helpers.documents import ROOT
from helpers.programs import needs, shared_folder

from aecodec import FormatError, preview
from aecodec.preview.tables import PATH

SOURCES = ROOT / "c" / "preview"


@cache
def digest(payload: bytes) -> str:
    try:
        pixels, _ = preview.decode_pixels(payload)
    except FormatError:
        return "FormatError"
    opaque = np.full((32, 32, 1), 255, np.uint8)
    return hashlib.sha256(np.dstack([pixels, opaque])[..., :4].tobytes()).hexdigest()


class CPreview:
    def __init__(self) -> None:
        needs("cc")
        folder = shared_folder("preview", self._build)
        self._library = ctypes.CDLL(str(folder / "preview.so"))
        self._tables = PATH.read_bytes()
        self._work = create_string_buffer(16_384)

    @staticmethod
    def _build(folder: Path) -> None:
        source = SOURCES / "aecodec_preview.c"
        compile_c(*SANITIZER, "-shared", source, "-o", folder / "preview.so")

    def digest(self, payload: bytes) -> str:
        pixels, shape = create_string_buffer(4096), c_int()
        arguments = (payload, c_size_t(len(payload)), self._work, pixels, byref(shape))
        status = self._library.aecodec_preview_decode(self._tables, *arguments)
        return "FormatError" if status else hashlib.sha256(pixels.raw).hexdigest()
