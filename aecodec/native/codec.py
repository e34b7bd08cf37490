"""A codec that the library has opened."""

from __future__ import annotations

from ctypes import byref, c_size_t, c_void_p, string_at
from typing import Any

import numpy as np

from aecodec.native import structures
from aecodec.native.library import LIBRARY, address_of
from aecodec.native.status import check

_ALIGNMENT = 64


class NativeCodec:
    """A codec file in memory, for any thread; the caller checks its sections. Or CodecError."""

    def __init__(self, content: bytes) -> None:
        self._content = aligned(content)
        self.handle = c_void_p()
        address = address_of(self._content)
        check(LIBRARY.aecodec_bundle_from_memory(address, len(content), byref(self.handle)))
        self.facts = structures.CodecFacts()
        LIBRARY.aecodec_bundle_facts(self.handle, byref(self.facts))

    def __del__(self) -> None:
        LIBRARY.aecodec_bundle_close(self.handle)

    @property
    def sections(self) -> list[structures.Section]:
        sections = [structures.Section() for _ in range(self.facts.sections)]
        for number, section in enumerate(sections):
            check(LIBRARY.aecodec_bundle_section(self.handle, number, byref(section)))
        return sections

    def part(self, offset: int, size: int) -> bytes:
        """Bytes of the file; fewer than `size` at its end."""
        return bytes(self._content[offset : offset + size])

    @property
    def bands(self) -> list[structures.Band]:
        """The bands of a codec with bands; CodecError if their section is absent."""
        bands = [structures.Band() for _ in range(self.facts.channels)]
        for number, band in enumerate(bands):
            check(LIBRARY.aecodec_bundle_band(self.handle, number, byref(band)))
        return bands

    def find(self, kind: int, level: int = 0) -> bytes | None:
        """The content of the first section with a kind and a level; None if it is absent."""
        size = c_size_t()
        address = LIBRARY.aecodec_bundle_find(self.handle, kind, level, byref(size))
        return string_at(address, size.value) if address else None


class NativeSamplesCodec(NativeCodec):
    """The codec `samples`, a constant of the library."""

    def __init__(self) -> None:
        self.handle = c_void_p(LIBRARY.aecodec_samples_codec())
        self.facts = structures.CodecFacts()
        LIBRARY.aecodec_bundle_facts(self.handle, byref(self.facts))

    def __del__(self) -> None:
        """Do not free the constant."""


def aligned(content: bytes) -> Any:
    """A copy of bytes at an address that is a multiple of 64."""
    room = np.empty(len(content) + _ALIGNMENT, np.uint8)
    start = -room.ctypes.data % _ALIGNMENT
    copy = room[start : start + len(content)]
    copy[:] = np.frombuffer(content, np.uint8)
    return copy
