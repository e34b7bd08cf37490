"""FlatBuffers, read as data: every offset is checked before it is followed.

A FlatBuffer is a tree of tables. A table begins with the offset of its vtable, which lists the
position of each field in the table. Fields with default values are omitted. Strings, vectors and
other tables are stored elsewhere, and the table contains their offsets. Runtimes follow all these
offsets unchecked, so a forged file could lead them anywhere.
"""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
import numpy.typing as npt

from aecodec.errors import CodecError

_OFFSET = struct.Struct("<I")
_SIGNED_OFFSET = struct.Struct("<i")
_SHORTS = struct.Struct("<HH")
_SHORT = struct.Struct("<H")
_NUMBERS = {kind: struct.Struct("<" + kind) for kind in "?bBiIfQ"}

_VTABLE_HEAD = 4
"""A vtable begins with its own size and the size of its tables."""


class Table:
    """A table of a FlatBuffer at `start` in the file; its schema has this many fields.

    Raises CodecError if it is not within the file, or has unknown fields.

    >>> file = bytes.fromhex("0c000000 06000800 04000000 08000000 07000000")
    >>> root_table(file, fields=1).number(0, "i")
    7
    >>> root_table(file[:-1], fields=1)
    Traceback (most recent call last):
        ...
    aecodec.errors.CodecError: not a TFLite model: an offset leads out of the file
    """

    __slots__ = ("_data", "_size", "_start", "_vtable", "_vtable_size")

    def __init__(self, data: bytes, start: int, fields: int) -> None:
        self._data, self._start = data, start
        self._vtable = start - _read(_SIGNED_OFFSET, data, start)
        self._vtable_size, self._size = _read(_SHORTS, data, self._vtable, whole=True)
        _check_within(data, self._vtable, self._vtable_size)
        _check_within(data, start, self._size)
        if self._vtable_size < _VTABLE_HEAD or self._vtable_size % 2:
            raise CodecError("not a TFLite model: a table is damaged")
        known = range(_VTABLE_HEAD + 2 * fields, self._vtable_size, 2)
        if any(_SHORT.unpack_from(data, self._vtable + place)[0] for place in known):
            raise CodecError("a table of the TFLite model has fields that this version lacks")

    def _place_of(self, field: int, size: int) -> int:
        """Position of a field with this many bytes in the file; 0 if it is omitted."""
        place = _VTABLE_HEAD + 2 * field
        if place >= self._vtable_size:
            return 0
        offset: int = _SHORT.unpack_from(self._data, self._vtable + place)[0]
        if not offset:
            return 0
        position = self._start + offset
        if offset < _VTABLE_HEAD or offset + size > self._size or position % size:
            raise CodecError("not a TFLite model: a field lies outside of its table")
        return position

    def has(self, field: int) -> bool:
        """Whether the table contains a field of any kind."""
        return self._place_of(field, 1) > 0

    def number(self, field: int, kind: str, default: Any = 0) -> Any:
        """A number with a type code of the module `struct`; the default if the field is omitted."""
        form = _NUMBERS[kind]
        place = self._place_of(field, form.size)
        return form.unpack_from(self._data, place)[0] if place else default

    def _target(self, field: int) -> int:
        """Position that a field points to; 0 if it is omitted."""
        place = self._place_of(field, _OFFSET.size)
        return place + int(_OFFSET.unpack_from(self._data, place)[0]) if place else 0

    def table(self, field: int, fields: int) -> Table | None:
        """Another table, with this many known fields; None if it is omitted."""
        target = self._target(field)
        return Table(self._data, target, fields) if target else None

    def tables(self, field: int, fields: int, most: int) -> list[Table]:
        """A vector of at most `most` tables."""
        places = self.vector(field, np.uint32, most).tolist()
        first = self._target(field) + _OFFSET.size
        return [
            Table(self._data, first + number * _OFFSET.size + offset, fields)
            for number, offset in enumerate(places)
        ]

    def vector(self, field: int, dtype: type[Any], most: int) -> npt.NDArray[Any]:
        """A vector of at most `most` numbers, not copied; empty if it is omitted."""
        target = self._target(field)
        if not target:
            return np.empty(0, dtype)
        count, size = _read(_OFFSET, self._data, target), np.dtype(dtype).itemsize
        if count > most:
            raise CodecError("the TFLite model is larger than any codec's")
        start = target + _OFFSET.size
        _check_within(self._data, start, count * size)
        if start % size:
            raise CodecError("not a TFLite model: numbers lie between two places")
        return np.frombuffer(self._data, dtype, count, start)

    def text(self, field: int, most: int) -> bytes:
        """A string of at most `most` bytes; empty if it is omitted."""
        content = self.vector(field, np.uint8, most).tobytes()
        target = self._target(field)
        end = target + _OFFSET.size + len(content)
        if target and self._data[end : end + 1] != b"\0":
            raise CodecError("not a TFLite model: a text has no end")
        return content


def root_table(data: bytes, fields: int) -> Table:
    """The table at the root of a file."""
    return Table(data, _read(_OFFSET, data, 0), fields)


def _read(form: struct.Struct, data: bytes, place: int, *, whole: bool = False) -> Any:
    _check_within(data, place, form.size)
    values = form.unpack_from(data, place)
    return values if whole else values[0]


def _check_within(data: bytes, start: int, size: int) -> None:
    if not 0 <= start <= start + size <= len(data):
        raise CodecError("not a TFLite model: an offset leads out of the file")
