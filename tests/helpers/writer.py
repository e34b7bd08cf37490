"""Files field by field, also such as no encoder writes."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from typing import NamedTuple

from aecodec.format.arrays import Samples, SampleType
from aecodec.format.binary import block, leb128
from aecodec.format.container import MAGIC, NOT_REDUCED, Header, pack_metadata
from aecodec.format.refinement import ROOT_UNITS, Bound
from aecodec.native.headers import header_of, part_of, read_info


class Part(NamedTuple):
    """A refinement: one bound for all bands or one for each, and the message of its only segment.

    `unit` is the distance of floats that can be told apart, None for integers. `base_checksum` is
    the CRC-32 of the samples before, None if they are not used. `choices` are for the coder, which
    learned from the primer of the codec if `is_primed`.
    """

    bounds: Sequence[Bound] = (Bound(0),)
    unit: float | None = None
    base_checksum: int | None = None
    choices: bytes = b""
    message: bytes = b""
    is_primed: bool = False

    def pack(self, is_followed: bool) -> bytes:
        is_root = any(bound.is_root for bound in self.bounds)
        flags = is_followed | (self.base_checksum is not None) << 1
        flags |= (self.unit is not None) << 2 | is_root << 3 | self.is_primed << 6
        content = bytes([flags]) + leb128(len(self.bounds))
        for bound in self.bounds:
            if self.unit is not None:
                content += struct.pack("<dd", bound.error, self.unit)
            else:
                content += leb128(int(bound.error * ROOT_UNITS if is_root else bound.error))
        if self.base_checksum is not None:
            content += struct.pack("<I", self.base_checksum)
        return content + block(self.choices) + self.message


def pack(header: Header, payload: bytes, parts: Sequence[Part] = ()) -> bytes:
    """Write a file; refinements of the header are ignored.

    >>> pack(Header(b"\\x00\\x01\\x02\\x03"), b"").hex(" ")
    'ae 43 01 00 01 02 03 00 5e 76 4f f4'
    """
    content = header.codec_id + _fields(header) + payload
    data = with_checksum(MAGIC + b"\1" + content)
    if not parts:
        return data
    has_base = parts[0].base_checksum is not None
    data = MAGIC + b"\2" + block(data) if has_base else MAGIC + b"\3" + block(content)
    for number, part in enumerate(parts, 1):
        data = with_checksum(data + block(part.pack(is_followed=number < len(parts))))
    return data


def unpack(data: bytes) -> tuple[Header, bytes]:
    info = read_info(data)
    return header_of(data, info), part_of(data, info.payload)


def with_checksum(body: bytes) -> bytes:
    """Append the checksum that a file of this content has."""
    return body + zlib.crc32(body).to_bytes(4, "little")


def _fields(header: Header) -> bytes:
    entries = pack_metadata(header.metadata, header.origin, as_rgb=header.as_rgb)
    fields = {
        0x04: b"".join(map(leb128, header.size or ())),
        0x08: b"" if header.level is None else bytes([header.level]),
        0x10: leb128(header.frames) if header.frames != 1 else b"",
        0x40: bytes([header.reduction]) if header.reduction != NOT_REDUCED else b"",
        0x80: block(_samples(header.samples)) if header.samples else b"",
        0x20: block(entries) if entries else b"",
    }
    flags = header.mode | sum(flag for flag, content in fields.items() if content)
    alpha = block(header.alpha) if header.mode.has_alpha else b""
    return bytes([flags]) + b"".join(fields.values()) + alpha


def _samples(samples: Samples) -> bytes:
    limits = [limit for pair in samples.limits or () for limit in pair]
    nodata = [] if samples.nodata is None else [samples.nodata]
    first = samples.type | bool(limits) << 3 | bool(nodata) << 4 | bool(samples.mask) << 5
    first |= (samples.repetition is not None) << 6 | samples.is_big_endian << 7
    content = bytes([first, samples.layout | samples.bands - 1 << 3])
    content += _numbers(samples.type, limits + nodata)
    for factor, y, x in samples.repetition or ():
        content += bytes([factor, 16 * y + x])
    return content + (bytes([samples.mask_planes]) + samples.mask if samples.mask else b"")


def _numbers(kind: SampleType, values: Sequence[float]) -> bytes:
    return struct.pack(f"<{len(values)}{'BbHhief'[kind]}", *values)
