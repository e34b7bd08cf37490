"""The head of a bundle: what the codec is, and where its sections lie."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from aecodec.codec_files.folder import CodecFolder

MAGIC = b"\xaeCBN"
VERSION = 1
ALIGNMENT = 64
"""The offset of each section and the length of the head are multiples of this."""

_FACTS = struct.Struct("<4sHHIHHBBBxHHHHBBxx32s")
_LEVEL = struct.Struct("<HHBBxx")
_SECTION = struct.Struct("<BBxxII4x32s")
_HASH = 32


class Kind(IntEnum):
    """What a section holds."""

    ENCODER = 1
    DECODER = 2
    LEVEL = 3


@dataclass(frozen=True)
class Section:
    """A section of a bundle.

    Attributes:
        kind: what it holds.
        level: number of the level whose tables it holds; 0 for a network.
        content: its bytes.
    """

    kind: Kind
    level: int
    content: bytes

    @property
    def sha256(self) -> bytes:
        """The hash that the head states."""
        return hashlib.sha256(self.content).digest()


def head(folder: CodecFolder, sections: Sequence[Section]) -> bytes:
    """The head as `docs/BUNDLE.md` describes it; it can be read without the sections.

    Args:
        folder: the codec.
        sections: all sections of the bundle, in the order in which they follow the head.
    """
    spec = folder.spec
    name = spec.name.encode()
    levels = b"".join(
        _LEVEL.pack(each.start, each.stop, each.multiple, bool(each.gains)) for each in spec.levels
    )
    gains = b"".join(np.array(each.gains, "<i2").tobytes() for each in spec.levels)
    size = _FACTS.size + len(levels) + len(gains) + _SECTION.size * len(sections)
    size = aligned(size + len(name) + _HASH)
    parts = _facts(folder, len(sections), size, len(name)) + levels + _directory(sections, size)
    padded = (parts + gains + name).ljust(size - _HASH, b"\0")
    return padded + hashlib.sha256(padded).digest()


def aligned(size: int) -> int:
    """A size, rounded up to where a section may begin.

    >>> aligned(1), aligned(64)
    (64, 64)
    """
    return -(-size // ALIGNMENT) * ALIGNMENT


def _facts(folder: CodecFolder, sections: int, size: int, name: int) -> bytes:
    spec = folder.spec
    return _FACTS.pack(
        MAGIC,
        VERSION,
        sections,
        size,
        *spec.tile,
        spec.channels,
        len(spec.levels),
        spec.default_level,
        spec.receptive_field,
        spec.latent_channels,
        spec.vectors,
        name,
        folder.rdoq.most,
        folder.rdoq.masking,
        bytes.fromhex(spec.sha256),
    )


def _directory(sections: Sequence[Section], at: int) -> bytes:
    entries = b""
    for each in sections:
        entries += _SECTION.pack(each.kind, each.level, at, len(each.content), each.sha256)
        at = aligned(at + len(each.content))
    return entries
