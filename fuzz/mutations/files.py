"""Changes `.aec` files field by field, as an attacker would, with the checksum made right."""

from __future__ import annotations

import random
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field

from aecodec.errors import AecodecError
from aecodec.format import container
from aecodec.format.binary import block, leb128
from aecodec.format.container import MAGIC, VERSION
from fuzz.mutations.bytes import mutated_bytes

_SIZE, _LEVEL, _FRAMES, _METADATA, _REDUCTION = (1 << bit for bit in range(2, 7))

_SIDES = (0, 1, 2, 3, 5, 16, 27, 28, 29, 64, 127, 128, 300, 1 << 14, 1 << 20, (1 << 20) + 1)
_NUMBERS = (*_SIDES, 1 << 24, 1 << 26, 1 << 30, (1 << 32) - 1, 1 << 34, 1 << 40)
_SMALL = (1, 2, 3, 9, 16, 17, 28, 33, 40)
_ORIGINS = (b"<?aec?>", b"<?aec RGB?>", b"<?aec .png 0?>", b"<?aec .jpg -1 RGB?>")
_NAMES = (b"<?aec-names a.png/b.png?>", b"<?aec-names ../a?>")
_XMP = (*_ORIGINS, b"<?aec .jpg 999999999999?>", *_NAMES, b"<x/>", b"\xff")
_RARELY = 0.03

_CODEC_IDS = tuple(map(bytes.fromhex, ("0881441f", "5f03dacc", "651442dd")))
"""Ids of `digits` and `photo`."""


@dataclass
class Parts:
    """All fields of a file, which need not fit together.

    Attributes:
        codec_id: id of the codec.
        flags: the flags.
        size: width and height, as LEB128 numbers.
        level: level in sixteenths.
        frames: LEB128 number.
        reduction: reduction in halves.
        metadata: kinds and contents.
        alpha: alpha planes.
        payload: the payload.
    """

    codec_id: bytes
    flags: int
    size: list[bytes] = field(default_factory=lambda: [leb128(28), leb128(28)])
    level: int = 16
    frames: bytes = leb128(2)
    reduction: int = 3
    metadata: list[tuple[int, bytes]] = field(default_factory=list)
    alpha: bytes = b""
    payload: bytes = b""

    def to_bytes(self) -> bytes:
        """The file, with the fields that its flags announce and a right checksum."""
        body = MAGIC + bytes([VERSION]) + self.codec_id + bytes([self.flags])
        body += b"".join(self.size) if self.flags & _SIZE else b""
        body += bytes([self.level]) if self.flags & _LEVEL else b""
        body += self.frames if self.flags & _FRAMES else b""
        body += bytes([self.reduction]) if self.flags & _REDUCTION else b""
        if self.flags & _METADATA:
            body += block(
                b"".join(bytes([kind]) + block(content) for kind, content in self.metadata)
            )
        body += block(self.alpha) if self.flags & 2 else b""
        return sealed(body + self.payload)


def sealed(body: bytes) -> bytes:
    """Append the checksum that a file of this content has."""
    return body + zlib.crc32(body).to_bytes(4, "little")


def parts_of(data: bytes) -> Parts:
    """The fields of a file.

    Raises:
        FormatError: it is not a file.
    """
    header, payload = container.unpack(data)
    parts = Parts(header.codec_id, data[7], payload=payload, alpha=header.alpha)
    parts.level, parts.reduction = header.level or 16, header.reduction
    parts.metadata = [(int(kind), content) for kind, content in header.metadata.items()]
    parts.frames = leb128(header.frames)
    if header.size:
        parts.size = list(map(leb128, header.size))
    return parts


def mutated_file(data: bytes, rng: random.Random, other: bytes = b"") -> bytes:
    """Change a file in one to three fields; the checksum is right but for a few.

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
        rng.choice(_CHANGES)(parts, rng)
    if other and rng.random() < 0.1:
        parts.codec_id, parts.payload = other[3:7].ljust(4, b"\0"), other[8:-4]
    changed = parts.to_bytes()
    if rng.random() < 0.15:
        changed = sealed(mutated_bytes(changed[:-4], rng, other))
    return mutated_bytes(changed, rng) if rng.random() < _RARELY else changed


def _number(rng: random.Random) -> bytes:
    """A LEB128 number, rarely not in its shortest form."""
    number = leb128(rng.choice(_SMALL if rng.random() < 0.6 else _NUMBERS))
    if rng.random() < _RARELY:
        number = number[:-1] + bytes([number[-1] | 0x80, 0])
    return number


def _change_payload(parts: Parts, rng: random.Random) -> None:
    parts.payload = mutated_bytes(parts.payload, rng)


def _change_flags(parts: Parts, rng: random.Random) -> None:
    bit = rng.randrange(7) if rng.random() < 0.95 else 7
    parts.flags ^= 1 << bit
    if parts.flags & _METADATA and not parts.metadata:
        _change_metadata(parts, rng)


def _change_size(parts: Parts, rng: random.Random) -> None:
    parts.flags |= _SIZE
    parts.size[rng.randrange(2)] = _number(rng)


def _change_level(parts: Parts, rng: random.Random) -> None:
    parts.flags |= _LEVEL
    parts.level = (
        rng.choice((16, 32, 48, 40, 17, 128)) if rng.random() < 0.7 else rng.randrange(256)
    )


def _change_frames(parts: Parts, rng: random.Random) -> None:
    parts.flags |= _FRAMES
    parts.frames = _number(rng)


def _change_reduction(parts: Parts, rng: random.Random) -> None:
    parts.flags |= _REDUCTION
    parts.reduction = rng.randint(3, 9) if rng.random() < 0.7 else rng.randrange(256)


def _change_metadata(parts: Parts, rng: random.Random) -> None:
    parts.flags |= _METADATA
    if parts.metadata and rng.random() < 0.1:
        parts.metadata.pop(rng.randrange(len(parts.metadata)))
    elif parts.metadata and rng.random() < 0.4:
        kind, content = parts.metadata.pop(rng.randrange(len(parts.metadata)))
        parts.metadata.append((kind, mutated_bytes(content, rng)))
    else:
        kind = rng.choice((1, 2, 3, 3, 3)) if rng.random() < 0.95 else rng.randrange(256)
        content = rng.randbytes(rng.randint(0, 20)) if kind < 3 else _xmp(rng)
        parts.metadata.append((kind, content))


def _xmp(rng: random.Random) -> bytes:
    return b"".join(rng.choices(_XMP, k=rng.randint(1, 3)))


def _change_alpha(parts: Parts, rng: random.Random) -> None:
    parts.flags |= 2
    if parts.alpha and rng.random() < 0.5:
        parts.alpha = mutated_bytes(parts.alpha, rng)
    else:
        sides = [side[0] & 0x7F for side in parts.size]
        size = sides[0] * sides[1] + (rng.choice((-1, 1, 100_000)) if rng.random() < 0.2 else 0)
        parts.alpha = zlib.compress(bytes(max(size, 0)))


def _change_codec(parts: Parts, rng: random.Random) -> None:
    parts.codec_id = rng.choice(_CODEC_IDS) if rng.random() < 0.9 else rng.randbytes(4)


_CHANGES: tuple[Callable[[Parts, random.Random], None], ...] = (
    *[_change_payload] * 6,
    *[_change_size] * 2,
    _change_flags,
    _change_level,
    _change_frames,
    _change_reduction,
    _change_metadata,
    _change_alpha,
    _change_codec,
)
