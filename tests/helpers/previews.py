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
from aecodec.arrays import Pixels
from aecodec.preview.tables import PATH

SOURCES = ROOT / "c" / "preview"


@cache
def digest(payload: bytes) -> str:
    """SHA-256 of the RGBA pixels of a payload, or the name of the error."""
    try:
        pixels, _ = preview.decode_pixels(payload)
    except FormatError:
        return "FormatError"
    opaque = np.full((32, 32, 1), 255, np.uint8)
    return hashlib.sha256(np.dstack([pixels, opaque])[..., :4].tobytes()).hexdigest()


class CPreview:
    """`aecodec_preview.c`, with a sanitizer."""

    def __init__(self) -> None:
        needs("cc")
        folder = shared_folder("preview", self._build)
        self._library = ctypes.CDLL(str(folder / "preview.so"))
        self._library.aecodec_preview_encode.restype = c_size_t
        self._library.aecodec_preview_base91.restype = c_size_t
        self._tables = PATH.read_bytes()
        self._work = create_string_buffer(18_048)

    @staticmethod
    def _build(folder: Path) -> None:
        source = SOURCES / "aecodec_preview.c"
        compile_c(*SANITIZER, "-shared", source, "-o", folder / "preview.so")

    def digest(self, payload: bytes) -> str:
        """What `digest` returns, of the pixels of C."""
        pixels, shape = create_string_buffer(4096), c_int()
        arguments = (payload, c_size_t(len(payload)), self._work, pixels, byref(shape))
        status = self._library.aecodec_preview_decode(self._tables, *arguments)
        return "FormatError" if status else hashlib.sha256(pixels.raw).hexdigest()

    def reduce(self, picture: bytes, kind: int, size: tuple[int, int]) -> tuple[Pixels, int]:
        """Reduce a picture of a kind, a number of the enumeration, to pixels and its shape."""
        pixels = create_string_buffer(3072)
        shape = self._library.aecodec_preview_reduce(picture, kind, *size, pixels)
        return np.frombuffer(pixels.raw, np.uint8).reshape(32, 32, 3), shape

    def encode(
        self, pixels: Pixels, max_bytes: int, shape: int = -1, checksum: bool = False
    ) -> bytes:
        """Encode pixels (32, 32, 3); the result is empty if C rejects the arguments."""
        payload = create_string_buffer(b"\xaa" * 300, 300)
        arguments = (pixels.tobytes(), shape, int(checksum), self._work, payload)
        size = self._library.aecodec_preview_encode(self._tables, *arguments, c_size_t(max_bytes))
        assert payload.raw[size:] == b"\xaa" * (300 - size)
        return payload.raw[:size]

    def base91(self, content: bytes) -> str:
        """Return the text, which stays in the documented room."""
        room, text = 5 * len(content) // 4 + 3, create_string_buffer(b"\xaa" * 500, 500)
        length = self._library.aecodec_preview_base91(content, c_size_t(len(content)), text)
        assert text.raw[length] == 0
        assert text.raw[room:] == b"\xaa" * (500 - room)
        return text.raw[:length].decode()
