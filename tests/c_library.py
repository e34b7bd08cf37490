"""`aec.c` with a codec's tables, called from Python."""

from __future__ import annotations

import ctypes
import os
import subprocess
from collections.abc import Callable
from ctypes import POINTER, byref, c_int, c_size_t, c_uint8, c_uint32, c_void_p
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import numpy as np

from aecodec.container import Mode
from aecodec.export.c_codec import PictureSizes, c_codec
from aecodec.export.c_tables import CTables
from aecodec.neighbours import Codes
from aecodec.transforms import Int8

SOURCES = Path(str(files("aecodec.export"))) / "c"
WARNINGS = ["-std=c99", "-Wall", "-Wextra", "-Wconversion", "-pedantic", "-Werror"]
OK, BUFFER_TOO_SMALL, TOO_LARGE, DAMAGED, OTHER_CODEC, OTHER_LEVEL = range(6)
GUARD = 64


class CPicture(ctypes.Structure):
    _fields_ = (("width", c_uint32), ("height", c_uint32), ("mode", c_int))


class CHeader(ctypes.Structure):
    _fields_ = (
        ("id", c_uint8 * 4),
        ("width", c_uint32),
        ("height", c_uint32),
        ("mode", c_uint8),
        ("level", c_uint8),
        ("reduction", c_uint8),
        ("frames", c_uint32),
        ("payload", c_void_p),
        ("payload_size", c_size_t),
    )


class Guarded:
    """Bytes that C may write, amid bytes that it may not."""

    def __init__(self, size: int) -> None:
        self._whole = np.full(size + 2 * GUARD, 0xA5, np.uint8)
        self.bytes = self._whole[GUARD : GUARD + size]

    @property
    def address(self) -> c_void_p:
        return c_void_p(self._whole.ctypes.data + GUARD)

    def check(self) -> None:
        assert (self._whole[:GUARD] == 0xA5).all()
        assert (self._whole[GUARD + len(self.bytes) :] == 0xA5).all()


@dataclass(frozen=True)
class Read:
    status: int
    codes: Codes


class CLibrary:
    """Compiled with the tables of one level."""

    def __init__(self, tables: CTables, folder: Path) -> None:
        self.tables = tables
        for name, content in c_codec(tables, PictureSizes.of(tables, (1, 1))).items():
            (folder / name).write_bytes(content)
        library = folder / "library.so"
        sources = [SOURCES / "aec.c", folder / "codec.c"]
        options = [*WARNINGS, "-O2", "-shared", "-fPIC", f"-I{SOURCES}", f"-I{folder}"]
        undefined = ["-fsanitize=undefined", "-fno-sanitize-recover=undefined"]
        compiler = os.environ.get("CC", "cc")
        subprocess.run([compiler, *options, *undefined, "-o", library, *sources], check=True)
        self._c = ctypes.CDLL(str(library))
        for name in ("aec_vectors", "aec_work_size", "aec_file_bound"):
            getattr(self._c, name).restype = c_size_t
        self._codec = c_void_p(ctypes.addressof(ctypes.c_char.in_dll(self._c, "codec")))

    def sizes(self, size: tuple[int, int], mode: Mode) -> tuple[int, int, int]:
        """Vectors, bytes of working memory, bytes of a file at most."""
        picture = CPicture(*size, mode)
        names = ("aec_vectors", "aec_work_size", "aec_file_bound")
        vectors, work, file = (
            getattr(self._c, name)(self._codec, byref(picture)) for name in names
        )
        return vectors, work, file

    def codes(self, integers: Int8) -> Int8:
        """(N, channels of all levels) to (N, K)."""
        return self._mapped(self._c.aec_codes, integers, self.tables.prior.code_dimension)

    def integers(self, codes: Int8) -> Int8:
        """(N, K) to (N, channels of all levels)."""
        return self._mapped(self._c.aec_integers, codes, self.tables.folder.spec.code_shape[-1])

    def _mapped(self, function: Callable[..., None], vectors: Int8, numbers: int) -> Int8:
        """(N, anything) to (N, numbers)."""
        given, result = np.ascontiguousarray(vectors), Guarded(len(vectors) * numbers)
        address = c_void_p(given.ctypes.data)
        function(self._codec, address, c_size_t(len(given)), result.address)
        result.check()
        return result.bytes.view(np.int8).reshape(len(given), numbers)

    def encode(
        self, codes: Int8, size: tuple[int, int], mode: Mode, capacity: int | None = None
    ) -> tuple[int, bytes]:
        """Status and file, in no more memory than C says."""
        _, work_size, bound = self.sizes(size, mode)
        work, file = Guarded(work_size), Guarded(bound if capacity is None else capacity)
        given, picture, written = np.ascontiguousarray(codes), CPicture(*size, mode), c_size_t()
        status = self._c.aec_encode(
            self._codec,
            byref(picture),
            c_void_p(given.ctypes.data),
            work.address,
            c_size_t(work_size),
            file.address,
            c_size_t(len(file.bytes)),
            byref(written),
        )
        work.check()
        file.check()
        return status, file.bytes[: written.value].tobytes()

    def decode(self, data: bytes, vectors: int, work_size: int) -> Read:
        """Status and codes, with room for so much."""
        dimension = self.tables.prior.code_dimension
        codes, work, found = Guarded(vectors * dimension), Guarded(work_size), c_size_t()
        file = Guarded(len(data))
        file.bytes[:] = np.frombuffer(data, np.uint8)
        status = self._c.aec_decode(
            self._codec,
            file.address,
            c_size_t(len(data)),
            work.address,
            c_size_t(work_size),
            codes.address,
            c_size_t(len(codes.bytes)),
            byref(found),
        )
        codes.check()
        work.check()
        return Read(status, codes.bytes.view(np.int8).reshape(vectors, dimension)[: found.value])

    def header(self, data: bytes) -> tuple[int, CHeader, bytes]:
        """Status, header, payload."""
        header, given = CHeader(), ctypes.create_string_buffer(data, len(data))
        self._c.aec_read_header.argtypes = [c_void_p, c_size_t, POINTER(CHeader)]
        status = self._c.aec_read_header(ctypes.addressof(given), len(data), byref(header))
        if status != OK:
            return status, header, b""
        start = header.payload - ctypes.addressof(given)
        return status, header, data[start : start + header.payload_size]
