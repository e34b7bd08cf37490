"""What an encoder made of a picture: its file at any level, without another run of the network."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from aecodec import container, segments
from aecodec.container import LEVEL_UNITS, Header
from aecodec.prior import Prior
from aecodec.spec import CodecFolder
from aecodec.transforms import Int8


class Compressed(NamedTuple):
    """A file, and what it was made of."""

    data: bytes
    encoding: Encoding
    level: float


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

    def file(self, level: float | None = None, prior: Prior | None = None) -> bytes:
        """The bytes of an `.aec` file.

        Args:
            level: 1 and up; the codec's default if None.
            prior: the level's, with candidates of its own; as the codec has it if None.

        Raises:
            UsageError: the codec has no such level.
        """
        chosen = self.folder.spec.level(level)
        payload = segments.encode(prior or self.folder.prior(level), chosen, self.integers)
        return container.pack(replace(self.header, level=self._stored(level)), payload)

    def compressed(self, level: float | None = None) -> Compressed:
        """As :meth:`file`, and what it was made of."""
        return Compressed(self.file(level), self, self.folder.spec.units_of(level) / LEVEL_UNITS)

    def _stored(self, level: float | None) -> int | None:
        """In the header: None for the default."""
        units = self.folder.spec.units_of(level)
        return None if units == self.folder.spec.units_of() else units

    def rounded(self, level: float | None = None) -> Int8:
        """The integers that a file at a level gives back; 0 in the channels of other levels."""
        chosen = self.folder.spec.level(level)
        rounded = np.zeros_like(self.integers)
        for segment in segments.segments_of(self.integers.shape[:-1]):  # in bounded memory
            rounded[segment.places] = chosen.rounded(self.integers[segment.places])
        return rounded
