"""The head of a bundle: facts about the codec, and the directory of sections."""

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


class SectionKind(IntEnum):
    """The content of a section."""

    ENCODER = 1
    DECODER = 2
    LEVEL = 3


@dataclass(frozen=True)
class Section:
    """A section of a bundle; its level is the one whose tables it contains, or 0 for a network."""

    kind: SectionKind
    level: int
    content: bytes

    @property
    def sha256(self) -> bytes:
        """The hash that the head stores."""
        return hashlib.sha256(self.content).digest()


def head(folder: CodecFolder, sections: Sequence[Section]) -> bytes:
    """Make the head that `docs/BUNDLE.md` describes, for all sections in their order in the file.

    It can be read without the sections.
    """
    spec = folder.spec
    name = spec.name.encode()
    levels = b"".join(
        _LEVEL.pack(level.start, level.stop, level.multiple, bool(level.gains))
        for level in spec.levels
    )
    gains = b"".join(np.array(level.gains, "<i2").tobytes() for level in spec.levels)
    size = _FACTS.size + len(levels) + len(gains) + _SECTION.size * len(sections)
    size = aligned(size + len(name) + _HASH)
    parts = _facts(folder, len(sections), size, len(name)) + levels + _directory(sections, size)
    padded = (parts + gains + name).ljust(size - _HASH, b"\0")
    return padded + hashlib.sha256(padded).digest()


def aligned(size: int) -> int:
    """Round a size up to the next offset at which a section may begin.

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
    for section in sections:
        size = len(section.content)
        entries += _SECTION.pack(section.kind, section.level, at, size, section.sha256)
        at = aligned(at + size)
    return entries
