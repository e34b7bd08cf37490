"""What an encoder made of a picture: its file at any level, without another run of the network."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from aecodec import container, segments
from aecodec.container import LEVEL_UNITS, Header
from aecodec.prior import Prior
from aecodec.segments import SymbolsOf
from aecodec.spec import CodecFolder
from aecodec.thrift import thrifty
from aecodec.transforms import Int8


@dataclass(frozen=True, eq=False)
class Compressed:
    """A file, and what it was made of.

    Attributes:
        data: the bytes of the file.
        encoding: of the picture, at any level.
        level: of the file, 1 and up.
        kept: the integers that the file gives back, as :meth:`Encoding.kept` has them.
    """

    data: bytes
    encoding: Encoding
    level: float
    kept: Int8


@dataclass(frozen=True, eq=False)
class Encoding:
    """A picture as the network's integers.

    Attributes:
        folder: the codec.
        header: of its files, but for the level.
        integers: (N, C) of vectors that stand alone, or (F, rows, columns, C); C of all levels.
    """

    folder: CodecFolder
    header: Header
    integers: Int8

    def file(self, level: float | None = None) -> bytes:
        """The bytes of an `.aec` file.

        Args:
            level: 1 and up; the codec's default if None.

        Raises:
            UsageError: the codec has no such level.
        """
        payload = segments.encode(*self._at(level), self.integers)
        return container.pack(self.header_at(level), payload)

    def compressed(self, level: float | None = None) -> Compressed:
        """As :meth:`file` and :meth:`kept` at once."""
        spec, kept, messages = self.folder.spec, np.zeros_like(self.integers), []
        for message, codes in segments.encoded(*self._at(level), self.integers):
            messages.append(message)
            spec.level(level).spread(codes, kept[message.segment.places])
        data = container.pack(self.header_at(level), segments.joined_messages(messages))
        return Compressed(data, self, spec.units_of(level) / LEVEL_UNITS, kept)

    def header_at(self, level: float | None) -> Header:
        """Of a file at a level; it says none for the default."""
        units = self.folder.spec.units_of(level)
        return replace(self.header, level=None if units == self.folder.spec.units_of() else units)

    def kept(self, level: float | None = None) -> Int8:
        """The integers that a file at a level gives back; 0 in the channels of other levels."""
        chosen, kept = self.folder.spec.level(level), np.zeros_like(self.integers)
        for segment, codes in segments.codes(*self._at(level), self.integers):
            chosen.spread(codes, kept[segment.places])
        return kept

    def _at(self, level: float | None) -> tuple[Prior, SymbolsOf]:
        return self.folder.prior(level), partial(thrifty, self.folder.spec.level(level))
