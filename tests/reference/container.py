"""docs/FORMAT.md, sections 1, 7, 8 and 9: the fields of files, and bare payloads."""

import math
import re
import struct
import zlib
from types import SimpleNamespace as Fields
from typing import Any

import numpy as np

TYPES = "u1", "i1", "u2", "i2", "i4", "f2", "f4", "u4", "i8", "u8", "f8"
SAMPLES = b"SAMP"
ORIGIN = re.compile(rb"\.[0-9A-Za-z]{1,16} (0|-?[1-9][0-9]{0,11})")
LAYOUTS = "HW", "HWB", "FHW", "FHWB", "BHW", "FBHW"


class Rejected(Exception):  # noqa: N818
    """A file that breaks a rule of the format, or that needs another codec."""


def require(condition: Any, rule: str) -> None:
    if not condition:
        raise Rejected(rule)


class Reader:
    """Conventions: bytes, LEB128 numbers and blocks, one after another."""

    def __init__(self, data: bytes) -> None:
        self.rest = data

    def take(self, count: int) -> bytes:
        require(count <= len(self.rest), "a field runs past the end")
        taken, self.rest = self.rest[:count], self.rest[count:]
        return taken

    def number(self) -> int:
        size = next((n for n, byte in enumerate(self.rest[:5], 1) if byte < 0x80), 6)
        digits = self.take(size)
        require(size <= 5 and (size == 1 or digits[-1]), "a number is not as short as it can be")
        number = sum((byte & 0x7F) << 7 * n for n, byte in enumerate(digits))
        require(number < 2**32, "a number has more than 32 bits")
        return number

    def block(self) -> bytes:
        return self.take(self.number())

    def messages(self, sizes: list[int]) -> list[bytes]:
        """Section 4: messages with at least these sizes; the last one takes the remaining bytes."""
        messages = [*(self.block() for _ in sizes[1:]), self.rest]
        require(all(len(m) >= n for m, n in zip(messages, sizes, strict=True)), "a short message")
        return messages


def read_file(data: bytes) -> tuple[Any, list[Any]]:
    """Sections 1 and 8: the header, and the refinements of a file of version 2."""
    if data[:3] not in (b"\xaeC\2", b"\xaeC\3"):
        return read_base(data), []
    reader, refinements = Reader(data[3:]), list[Any]()
    has_base = data[2] == 2
    header = (read_base if has_base else read_content)(reader.block())
    while not refinements or refinements[-1].is_followed:
        refinements.append(read_refinement(reader, data))
    require(len(refinements) <= 16 and not reader.rest, "refinements, or bytes after them")
    require(all(r.has_base for r in refinements[1:]), "only the first refinement has no base")
    require(bool(refinements[0].has_base) == has_base, "the base")
    header.has_base = has_base
    require(header.has_base or not header.payload, "a payload that nothing needs")
    return header, refinements


def read_base(data: bytes) -> Any:
    """Section 1: a file of version 1."""
    require(data[:2] == b"\xaeC" and len(data) >= 12, "not an .aec file")
    require(data[-4:] == crc_of(data[:-4]), "the CRC-32")
    require(data[2] == 1, "the version")
    return read_content(data[3:-4])


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
    h.samples = read_samples(Reader(block), h.frames, is_built_in) if flags & 128 else None
    h.metadata, metadata = {}, Reader(reader.block() if flags & 32 else b"")
    while metadata.rest or (flags & 32 and not h.metadata):
        kind, content = metadata.take(1)[0], metadata.block()
        require(max(h.metadata, default=0) < kind <= 7, "the kinds of metadata")
        h.metadata[kind] = content
        require(kind != 4 or h.samples, "tags without samples")
        require(kind != 5 or ORIGIN.fullmatch(content), "the origin")
        require(kind != 6 or content.count(b"/") + 1 == h.frames, "the names")
        require(kind != 7 or not (content or h.samples or flags & 1), "grey as RGB")
    h.alpha = reader.block() if flags & 2 and not is_built_in else b""
    h.payload, h.has_base, pixels = reader.rest, True, h.width * h.height * h.frames
    require(not flags & 4 or (h.width and h.height), "a side of 0")
    require(max(h.width, h.height) <= 2**20 and pixels <= 2**30, "the sides")
    require(1 <= h.frames <= 2**24 and (h.frames == 1) == (not flags & 16), "the frames")
    require(2 <= h.reduction <= 64 and (h.reduction == 2) == (not flags & 64), "the reduction")
    require(h.reduction == 2 or pixels <= 2**26, "the pixels of reduced pictures")
    require(not flags & 8 or h.level >= 16, "the level")
    require(not is_built_in or not flags & 0b1001000, "the level or the reduction of no codec")
    require(not flags & 128 or not flags & 0b1000011, "samples with a mode or a reduction")
    return h


def read_samples(reader: Reader, frames: int, is_built_in: bool) -> Any:
    """Section 7: the block of samples."""
    first, second = reader.take(2)
    number, bands = first & 7, (second >> 3) + 1
    if is_built_in:
        require(bands == 1 and not first & 64, "fields that the codec `samples` does not have")
        number, first, bands = first & 15, first & ~8, reader.number()
    last = len(TYPES) if is_built_in else 7
    require(number < last and second & 7 < len(LAYOUTS), "the type or the layout")
    dtype, layout = np.dtype("<" + TYPES[number]), LAYOUTS[second & 7]
    require(1 <= bands <= 256, "the number of bands")
    require((bands == 1 or "B" in layout) and (frames == 1 or "F" in layout), "the layout")
    s = Fields(dtype=dtype, bands=bands, layout=layout, limits=None, nodata=None, planes=0)
    if first & 8:
        limits = np.frombuffer(reader.take(2 * bands * dtype.itemsize), dtype).astype(float)
        s.limits, low, high = limits.reshape(-1, 2), limits[::2], limits[1::2]
        require(np.isfinite(limits).all() and (low < high).all(), "the limits")
        require(dtype.kind == "f" or (high - low <= 65535).all(), "the limits")
    if first & 16:
        s.nodata = np.frombuffer(reader.take(dtype.itemsize), dtype)[0]
    pairs = [reader.take(2) for _ in range(bands if first & 64 else 0)]
    s.repetition = [(r, place >> 4, place & 15) for r, place in pairs]
    require(all(r <= 16 and y < r and x < r for r, y, x in s.repetition), "the repetition")
    if first & 32:
        s.planes = reader.number()
        require(s.planes in (1, bands), "the planes of the mask")
    s.mask = reader.rest
    require(bool(s.mask) == bool(first & 32), "the mask, or bytes after the samples")
    return s


def read_refinement(reader: Reader, data: bytes) -> Any:
    """Section 8: a refinement of a file with its checksums. Bounds are E or f, u and o."""
    size = reader.number()
    end = len(reader.rest) - size
    flags, count = reader.take(1)[0], reader.number()
    require(flags & 66 != 66 and flags & 12 != 12 and flags & 20 != 16, "the flags")
    require(1 <= count <= 256, "the number of bounds")
    r = Fields(is_followed=flags & 1, has_base=flags & 2, has_units=flags & 4, is_root=flags & 8)
    r.is_primed, r.has_gap = flags & 64, flags & 128
    r.bounds = [read_bound(reader, flags) for _ in range(count)]
    r.crc, r.choices = reader.take(4) if r.has_base else b"", reader.block()
    if not flags & 32:
        require(len(reader.rest) >= end, "the size of a refinement")
        r.messages = [reader.take(len(reader.rest) - end)]
        check_crc(reader, data)
        return r
    count = reader.number()
    require(2 <= count <= len(reader.rest), "the number of segments")
    index = [(reader.number(), reader.take(4)) for _ in range(count)]
    check_crc(reader, data)
    r.messages = [reader.take(size) for size, _ in index]
    for message, (_, crc) in zip(r.messages, index, strict=True):
        require(crc_of(message) == crc, "the CRC-32 of a message")
    require(len(reader.rest) == end, "the size of a refinement")
    return r


def read_bound(reader: Reader, flags: int) -> tuple[Any, float, int]:
    if not flags & 4:
        bound = reader.number()
        require(bound < (2**20 if flags & 8 else 2**30), "a bound")
        return bound, 0, 0
    error, unit = struct.unpack("<dd", reader.take(16))
    offset = struct.unpack("<q", reader.take(8))[0] if flags & 16 else 0
    require(0 <= 2 * error < math.inf and 0 <= unit < math.inf, "a bound")
    return error, unit, offset


def check_crc(reader: Reader, data: bytes) -> None:
    """Read a CRC-32 of all bytes of a file before it."""
    before = data[: len(data) - len(reader.rest)]
    require(reader.take(4) == crc_of(before), "a CRC-32")


def crc_of(data: bytes) -> bytes:
    return zlib.crc32(data).to_bytes(4, "little")


def inflate(stream: bytes, size: int) -> Any:
    """Sections 1 and 7: a zlib stream with this size, which ends where its block ends."""
    inflater = zlib.decompressobj()
    try:
        content = inflater.decompress(stream, size + 1)
    except zlib.error as error:
        raise Rejected(str(error)) from error
    require(len(content) == size and inflater.eof, "the size of a zlib stream")
    require(not inflater.unused_data, "bytes after a zlib stream")
    return np.frombuffer(content, np.uint8)


def from_bare(payload: bytes, codec_id: bytes, has_checksum: bool) -> bytes:
    """Section 9: the file of a bare payload."""
    crc = 0
    for byte in codec_id + payload:
        for bit in range(7, -1, -1):
            crc = (crc << 1 ^ (0x107 if (crc >> 7 ^ byte >> bit) & 1 else 0)) & 0xFF
    require(not has_checksum or crc == 0, "the CRC-8, which is 0 for bytes that end with their own")
    require(len(payload) > has_checksum, "a bare payload of no bytes")
    file = b"\xaeC\1" + codec_id + payload[: len(payload) - has_checksum]
    return file + crc_of(file)
