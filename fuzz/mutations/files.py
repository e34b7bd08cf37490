"""Changes `.aec` files field by field, as an attacker would, with the checksum made right."""

from __future__ import annotations

import random
import zlib
from collections.abc import Callable
from dataclasses import dataclass

from aecodec.errors import AecodecError
from aecodec.format import container
from aecodec.format.binary import block, leb128
from aecodec.format.container import MAGIC, VERSION
from fuzz.mutations.bytes import mutated_bytes

_SIDES = (0, 1, 2, 3, 5, 16, 27, 28, 29, 64, 127, 128, 300, 1 << 14, 1 << 20, (1 << 20) + 1)
_NUMBERS = (*_SIDES, 1 << 24, 1 << 26, 1 << 30, (1 << 32) - 1, 1 << 34, 1 << 40)
_SMALL = (1, 2, 3, 9, 16, 17, 28, 33, 40)
_ENTRIES = (b"", b"<x/>", b".png 0", b".jpg -1", b".jpg 999999999999", b"a.png", b"a/b", b"../a/")
_RARELY = 0.03

_CODEC_IDS = tuple(map(bytes.fromhex, ("fc33ca7b", "faacc222", "a11d77c8")))
"""Ids of `digits`, `photo` and the golden codec `bands`."""


def _number(rng: random.Random) -> bytes:
    """A LEB128 number, rarely not in its shortest form."""
    number = leb128(rng.choice(_SMALL if rng.random() < 0.6 else _NUMBERS))
    if rng.random() < _RARELY:
        number = number[:-1] + bytes([number[-1] | 0x80, 0])
    return number


def _byte(rng: random.Random, likely: tuple[int, ...]) -> bytes:
    return bytes([rng.choice(likely) if rng.random() < 0.7 else rng.randrange(256)])


def _metadata(rng: random.Random) -> bytes:
    entries = b""
    for kind in sorted(_byte(rng, (1, 2, 3, 4, 5, 6, 7)) for _ in range(rng.choice((0, 1, 1, 2)))):
        content = rng.choice(_ENTRIES) if rng.random() < 0.7 else rng.randbytes(rng.randint(0, 20))
        entries += kind + block(b"" if kind == b"\x07" and rng.random() < 0.9 else content)
    return block(entries)


def _samples(rng: random.Random) -> bytes:
    """A block of samples, whose fields often fit together."""
    first, bands = rng.randrange(256), rng.choice((1, 1, 3, 3, 2, 32))
    size = (1, 1, 2, 2, 4, 2, 4, 4)[first & 7]
    content = bytes([first, rng.choice((1, 3, 4, rng.randrange(8))) | bands - 1 << 3])
    if first & 0x08:
        content += bands * (bytes(size) + b"\1" + bytes(size - 1))
    if first & 0x10:
        content += rng.randbytes(size)
    if first & 0x40:
        content += bands * bytes([rng.choice((1, 2, 6)), rng.choice((0, 0, 1, 17))])
    if first & 0x20:
        planes, bits = rng.choice((1, bands)), rng.choice((28, *_SMALL)) * rng.choice(_SMALL)
        content += bytes([planes]) + zlib.compress(bytes(-(-planes * bits // 8)))
    return block(content)


def _alpha(rng: random.Random) -> bytes:
    size = rng.choice((28, *_SMALL)) * rng.choice((28, *_SMALL))
    return block(zlib.compress(bytes(size + (100_000 if rng.random() < _RARELY else 0))))


_FIELDS: dict[int, Callable[[random.Random], bytes]] = {
    0x04: lambda rng: _number(rng) + _number(rng),
    0x08: lambda rng: _byte(rng, (16, 32, 48, 40, 17, 128)),
    0x10: _number,
    0x40: lambda rng: _byte(rng, (3, 4, 5, 6, 7, 8, 9)),
    0x80: _samples,
    0x20: _metadata,
    0x02: _alpha,
}
"""How the fields of a file are drawn, by their flags, in their order."""


@dataclass
class Parts:
    """The parts of a file, which need not fit together.

    Attributes:
        codec_id: id of the codec.
        flags: the flags.
        fields: content of the fields, by their flags.
        payload: the payload.
    """

    codec_id: bytes
    flags: int
    fields: dict[int, bytes]
    payload: bytes

    def to_bytes(self) -> bytes:
        """The file, with the fields that its flags announce and a right checksum."""
        body = MAGIC + bytes([VERSION]) + self.codec_id + bytes([self.flags])
        body += b"".join(self.fields[flag] for flag in _FIELDS if self.flags & flag)
        return sealed(body + self.payload)


def sealed(body: bytes) -> bytes:
    """Append the checksum that a file of this content has."""
    return body + zlib.crc32(body).to_bytes(4, "little")


def parts_of(data: bytes) -> Parts:
    """The parts of a file.

    Raises:
        FormatError: it is not a file.
    """
    header, payload = container.unpack(data)
    fields = {
        0x04: b"".join(map(leb128, header.size or (28, 28))),
        0x08: bytes([header.level or 16]),
        0x10: leb128(header.frames),
        0x40: bytes([header.reduction]),
        0x80: block(header.samples.pack() if header.samples else b"\0\1"),
        0x20: block(container.pack_metadata(header)),
        0x02: block(header.alpha),
    }
    return Parts(header.codec_id, data[7], fields, payload)


def _change(parts: Parts, rng: random.Random) -> None:
    """Change the payload, a flag, a field, or the codec."""
    kind = rng.random()
    if kind < 0.4:
        parts.payload = mutated_bytes(parts.payload, rng)
    elif kind < 0.47:
        parts.flags ^= 1 << rng.randrange(8)
    elif kind < 0.93:
        flag = rng.choice((0x04, *_FIELDS))
        parts.flags |= flag
        old, new = parts.fields[flag], _FIELDS[flag](rng)
        parts.fields[flag] = mutated_bytes(old, rng) if rng.random() < 0.2 else new
    else:
        parts.codec_id = rng.choice(_CODEC_IDS) if rng.random() < 0.9 else rng.randbytes(4)


def mutated_file(data: bytes, rng: random.Random, other: bytes = b"") -> bytes:
    """Change a file in one to three parts; the checksum is right but for a few.

    Args:
        data: a file, or any bytes.
        rng: draws the changes.
        other: another file, of which a part may be taken.
    """
    try:
        parts = parts_of(data)
    except AecodecError:
        return sealed(mutated_bytes(data[:-4], rng, other))
    for _ in range(rng.randint(1, 3)):
        _change(parts, rng)
    if other and rng.random() < 0.1:
        parts.codec_id, parts.payload = other[3:7].ljust(4, b"\0"), other[8:-4]
    changed = parts.to_bytes()
    if rng.random() < 0.15:
        changed = sealed(mutated_bytes(changed[:-4], rng, other))
    return mutated_bytes(changed, rng) if rng.random() < _RARELY else changed
