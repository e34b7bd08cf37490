"""docs/FORMAT.md, sections 1, 7, 8 and 9: the fields of sound files, and bare payloads.

What a reader has to check stands in the text; `tests/golden/refused` has a file for each rule.
"""

import struct
import zlib
from types import SimpleNamespace as Fields
from typing import Any

import numpy as np

TYPES = "u1", "i1", "u2", "i2", "i4", "f2", "f4", "u4", "i8", "u8", "f8"
SAMPLES = b"SAMP"
LAYOUTS = "HW", "HWB", "FHW", "FHWB", "BHW", "FBHW"


class Reader:
    """Conventions: bytes, LEB128 numbers and blocks, one after another."""

    def __init__(self, data: bytes) -> None:
        self.rest = data

    def take(self, count: int) -> bytes:
        taken, self.rest = self.rest[:count], self.rest[count:]
        return taken

    def number(self) -> int:
        size = next(n for n, byte in enumerate(self.rest, 1) if byte < 0x80)
        return sum((byte & 0x7F) << 7 * n for n, byte in enumerate(self.take(size)))

    def block(self) -> bytes:
        return self.take(self.number())

    def messages(self, count: int) -> list[bytes]:
        """Section 4: messages, of which the last one takes the remaining bytes."""
        return [*(self.block() for _ in range(count - 1)), self.rest]


def read_file(data: bytes) -> tuple[Any, list[Any]]:
    """Sections 1 and 8: the header, and the refinements of a file of any version."""
    version, reader, refinements = data[2], Reader(data[3:]), list[Any]()
    if version == 1:
        return read_content(data[3:-4]), []
    content = reader.block()  # a file of version 1, or only its fields
    header = read_content(content[3:-4] if version == 2 else content)
    header.has_base = version == 2
    while not refinements or refinements[-1].is_followed:
        refinements.append(read_refinement(reader))
    return header, refinements


def read_content(data: bytes) -> Any:
    """Section 1: the fields of a file. Sizes of 0 and a level of 0 are the codec's."""
    reader = Reader(data)
    codec_id, flags = reader.take(4), reader.take(1)[0]
    h = Fields(codec_id=codec_id, channels=3 if flags & 1 else 1, has_alpha=flags & 2)
    is_built_in = h.codec_id == SAMPLES
    h.width, h.height = (reader.number(), reader.number()) if flags & 4 else (0, 0)
    h.level = reader.take(1)[0] if flags & 8 else 0
    h.frames = reader.number() if flags & 16 else 1
    h.reduction = reader.take(1)[0] if flags & 64 else 2
    block = reader.block() if flags & 128 else b""
    h.samples = read_samples(Reader(block), is_built_in) if flags & 128 else None
    h.metadata, metadata = {}, Reader(reader.block() if flags & 32 else b"")
    while metadata.rest:
        kind = metadata.take(1)[0]
        h.metadata[kind] = metadata.block()
    h.alpha = reader.block() if flags & 2 and not is_built_in else b""
    h.payload, h.has_base = reader.rest, True
    return h


def read_samples(reader: Reader, is_built_in: bool) -> Any:
    """Section 7: the block of samples."""
    first, second = reader.take(2)
    number, bands = first & 7, (second >> 3) + 1
    if is_built_in:
        number, first, bands = first & 15, first & ~8, reader.number()
    dtype, layout = np.dtype("<" + TYPES[number]), LAYOUTS[second & 7]
    s = Fields(dtype=dtype, bands=bands, layout=layout, limits=None, nodata=None, planes=0)
    if first & 8:
        limits = np.frombuffer(reader.take(2 * bands * dtype.itemsize), dtype).astype(float)
        s.limits = limits.reshape(-1, 2)
    if first & 16:
        s.nodata = np.frombuffer(reader.take(dtype.itemsize), dtype)[0]
    pairs = [reader.take(2) for _ in range(bands if first & 64 else 0)]
    s.repetition = [(r, place >> 4, place & 15) for r, place in pairs]
    if first & 32:
        s.planes = reader.number()
    s.mask = reader.rest
    return s


def read_refinement(reader: Reader) -> Any:
    """Section 8: a refinement of a file. Bounds are E or f, u and o."""
    size = reader.number()
    end = len(reader.rest) - size
    flags, count = reader.take(1)[0], reader.number()
    r = Fields(is_followed=flags & 1, has_base=flags & 2, has_units=flags & 4, is_root=flags & 8)
    r.is_primed, r.has_gap = flags & 64, flags & 128
    r.bounds = [read_bound(reader, flags) for _ in range(count)]
    if r.has_base:
        reader.take(4)  # a CRC-32 of the samples before
    r.choices = reader.block()
    if not flags & 32:
        r.messages = [reader.take(len(reader.rest) - end)]
        reader.take(4)  # a CRC-32 of all bytes before
        return r
    index = [(reader.number(), reader.take(4)) for _ in range(reader.number())]
    reader.take(4)
    r.messages = [reader.take(size) for size, _ in index]
    return r


def read_bound(reader: Reader, flags: int) -> tuple[Any, float, int]:
    if not flags & 4:
        return reader.number(), 0, 0
    error, unit = struct.unpack("<dd", reader.take(16))
    offset = struct.unpack("<q", reader.take(8))[0] if flags & 16 else 0
    return error, unit, offset


def inflate(stream: bytes) -> Any:
    """Sections 1 and 7: the bytes of a zlib stream."""
    return np.frombuffer(zlib.decompress(stream), np.uint8)


def from_bare(payload: bytes, codec_id: bytes, has_checksum: bool) -> bytes:
    """Section 9: the file of a bare payload, with or without a CRC-8 at its end."""
    file = b"\xaeC\1" + codec_id + payload[: len(payload) - has_checksum]
    return file + zlib.crc32(file).to_bytes(4, "little")
