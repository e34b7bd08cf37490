"""`aecodec.c` with the tables of a codec, called from Python."""

from __future__ import annotations

import ctypes
import os
import subprocess
from collections.abc import Callable
from ctypes import byref, c_size_t, c_void_p
from pathlib import Path

import numpy as np

from aecodec.base.arrays import Latents
from aecodec.data.c_sources import c_sources
from aecodec.export.device.codec_source import CODEC, PictureSizes, codec_header, codec_source
from aecodec.export.device.tables import CTables
from aecodec.format.container import Mode
from aecodec.native.structures import Picture
from tests.helpers.programs import shared_folder

SOURCES = c_sources("core")
CODER = ("aecodec", "aecodec_coding", "aecodec_rows")
WARNINGS = ("-std=c99", "-Wall", "-Wextra", "-Wconversion", "-pedantic", "-Werror")
OK, BUFFER_TOO_SMALL, TOO_LARGE, DAMAGED, OTHER_CODEC, OTHER_LEVEL = range(6)
GUARD = 64

_OPTIONS = (*WARNINGS, "-O1", "-fPIC", f"-I{SOURCES}")
SANITIZER = ("-fsanitize=undefined", "-fno-sanitize-recover=undefined")
_SIZES = ("aecodec_vector_count", "aecodec_work_size", "aecodec_file_bound")


class Guarded:
    """Bytes that C may write, between bytes that it must not."""

    def __init__(self, size: int) -> None:
        self._whole = np.full(size + 2 * GUARD, 0xA5, np.uint8)
        self.bytes = self._whole[GUARD : GUARD + size]

    @property
    def address(self) -> c_void_p:
        return c_void_p(self._whole.ctypes.data + GUARD)

    @property
    def address_and_size(self) -> tuple[c_void_p, c_size_t]:
        return self.address, c_size_t(len(self.bytes))

    def check(self) -> None:
        assert (self._whole[:GUARD] == 0xA5).all()
        assert (self._whole[GUARD + len(self.bytes) :] == 0xA5).all()


def compile_c(*arguments: str | Path) -> None:
    """Compile with all warnings as errors."""
    subprocess.run([os.environ.get("CC", "cc"), *_OPTIONS, *arguments], check=True)


def _library_objects() -> list[Path]:
    """The objects of the coder, compiled once per test run."""

    def build(folder: Path) -> None:
        for name in CODER:
            compile_c(*SANITIZER, "-c", "-o", folder / f"{name}.o", SOURCES / f"{name}.c")

    return sorted(shared_folder("library", build).glob("*.o"))


class CLibrary:
    """The library, compiled with the tables of one level and an undefined-behaviour sanitizer."""

    def __init__(self, tables: CTables, folder: Path) -> None:
        self.tables = tables
        library, source = folder / "library.so", folder / "codec.c"
        header = codec_header(tables, PictureSizes.of(tables, (1, 1)), [])
        (folder / "codec.h").write_text(header)
        source.write_text(codec_source(tables))
        sources = [source, *_library_objects()]
        compile_c(*SANITIZER, "-shared", "-o", library, *sources)
        self._c = ctypes.CDLL(str(library))
        for function in _SIZES:
            getattr(self._c, function).restype = c_size_t
        self._codec = c_void_p(ctypes.addressof(ctypes.c_char.in_dll(self._c, CODEC)))

    def sizes(self, size: tuple[int, int], mode: Mode) -> tuple[int, int, int]:
        """Code vectors, bytes of working memory, and bytes that no file exceeds."""
        picture = Picture(*size, mode)
        vectors, work, file = (getattr(self._c, f)(self._codec, byref(picture)) for f in _SIZES)
        return vectors, work, file

    def quantize(self, latents: Latents) -> Latents:
        """Latents (N, channels of all levels) to codes (N, K)."""
        return self._map(self._c.aecodec_quantize, latents, self.tables.numbers["code_dimension"])

    def dequantize(self, codes: Latents) -> Latents:
        """Codes (N, K) to latents (N, channels of all levels)."""
        return self._map(self._c.aecodec_dequantize, codes, self.tables.folder.spec.latent_channels)

    def _map(self, function: Callable[..., None], vectors: Latents, channels: int) -> Latents:
        buffer, result = np.ascontiguousarray(vectors), Guarded(len(vectors) * channels)
        address = c_void_p(buffer.ctypes.data)
        function(self._codec, address, c_size_t(len(buffer)), result.address)
        result.check()
        return result.bytes.view(np.int8).reshape(len(buffer), channels)

    def encode(
        self, codes: Latents, size: tuple[int, int], mode: Mode, capacity: int | None = None
    ) -> tuple[int, bytes]:
        """Status and file, with exactly the memory that C asks for."""
        _, work_size, bound = self.sizes(size, mode)
        work, file = Guarded(work_size), Guarded(bound if capacity is None else capacity)
        buffer, picture, written = np.ascontiguousarray(codes), Picture(*size, mode), c_size_t()
        content = (byref(picture), c_void_p(buffer.ctypes.data))
        room = (*work.address_and_size, *file.address_and_size)
        status = self._c.aecodec_encode(self._codec, *content, *room, byref(written))
        work.check()
        file.check()
        return status, file.bytes[: written.value].tobytes()

    def decode(self, data: bytes, vectors: int, work_size: int) -> tuple[int, Latents]:
        """Status and codes, with room for this many code vectors."""
        dimension = self.tables.numbers["code_dimension"]
        codes, work, result = Guarded(vectors * dimension), Guarded(work_size), c_size_t()
        file = Guarded(len(data))
        file.bytes[:] = np.frombuffer(data, np.uint8)
        buffers = (part for guarded in (file, work, codes) for part in guarded.address_and_size)
        status = self._c.aecodec_decode(self._codec, *buffers, byref(result))
        codes.check()
        work.check()
        decoded = codes.bytes.view(np.int8).reshape(vectors, dimension)
        return status, decoded[: result.value]
