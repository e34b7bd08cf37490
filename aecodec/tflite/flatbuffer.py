"""FlatBuffers: trees of tables, in which TFLite models are stored.

A table begins with the offset of its vtable, which lists the position of each field in the table.
Fields with default values are omitted. Strings, vectors and other tables are stored elsewhere, and
the table contains their offsets.
"""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
import numpy.typing as npt


class Table:
    """A table of a FlatBuffer at `start` in the file.

    Reading a damaged file raises struct.error or ValueError, or returns wrong numbers.

    >>> file = bytes.fromhex("0c000000 06000800 04000000 08000000 07000000")
    >>> root_table(file).number(0, "i")
    7
    """

    def __init__(self, data: bytes, start: int) -> None:
        self._data, self._start = data, start
        self._vtable = start - self._at(start, "i")

    def _at(self, place: int, kind: str) -> Any:
        return struct.unpack_from("<" + kind, self._data, place)[0]

    def _place_of(self, field: int) -> int:
        """Position of a field in the file; 0 if it is omitted."""
        place = 4 + 2 * field
        if place >= self._at(self._vtable, "H"):
            return 0
        offset: int = self._at(self._vtable + place, "H")
        return self._start + offset if offset else 0

    def number(self, field: int, kind: str, default: Any = 0) -> Any:
        """A number with a type code of the module `struct`; the default if the field is omitted."""
        place = self._place_of(field)
        return self._at(place, kind) if place else default

    def _target(self, field: int) -> int:
        """Position that a field points to; 0 if it is omitted."""
        place = self._place_of(field)
        return place + int(self._at(place, "I")) if place else 0

    def table(self, field: int) -> Table | None:
        """Another table; None if it is omitted."""
        target = self._target(field)
        return Table(self._data, target) if target else None

    def tables(self, field: int) -> list[Table]:
        """A vector of tables."""
        first = self._target(field) + 4
        places = enumerate(self.vector(field, np.uint32).tolist())
        return [Table(self._data, first + 4 * number + offset) for number, offset in places]

    def vector(self, field: int, dtype: type[Any]) -> npt.NDArray[Any]:
        """A vector of numbers, not copied; empty if it is omitted."""
        target = self._target(field)
        if not target:
            return np.empty(0, dtype)
        return np.frombuffer(self._data, dtype, self._at(target, "I"), target + 4)


def root_table(data: bytes) -> Table:
    """The table at the root of a file."""
    return Table(data, struct.unpack_from("<I", data)[0])
