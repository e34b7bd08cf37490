"""Refinements of an `.aec` file: residuals that bound the error of every sample.

A file of version 2 is a whole file of version 1, the base, and one or more refinements.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import NamedTuple

from aecodec.errors import FormatError
from aecodec.format.binary import Reader, block, leb128
from aecodec.format.samples import MAX_BANDS

ID_SIZE = 4
MOST_BOUND = (1 << 30) - 1
"""Largest bound of integers."""

MAX_REFINEMENTS = 16
"""Limit that keeps the work of checking a file proportional to its size."""

_IS_FOLLOWED = 0b001
_HAS_BASE = 0b010
_IS_FLOAT = 0b100


class Bound(NamedTuple):
    """The guaranteed maximum error of a band.

    Attributes:
        error: largest difference between a sample and its original.
        unit: distance of two values of floats that can be told apart; 0 if their bits are exact,
            and for integers.
    """

    error: float
    unit: float = 0.0


class Refinement(NamedTuple):
    """The description of a refinement, and its messages.

    Attributes:
        networks: the id of the residual networks.
        bounds: one bound for all bands, or one for each.
        is_float: whether samples are floats.
        base_checksum: CRC-32 of the samples before the refinement; None if they are not used.
        messages: one message per segment.
    """

    networks: bytes
    bounds: Sequence[Bound]
    is_float: bool
    base_checksum: int | None
    messages: Sequence[bytes]

    @property
    def has_base(self) -> bool:
        """Whether the residuals are differences from the samples before the refinement."""
        return self.base_checksum is not None

    @property
    def max_error(self) -> float:
        """The largest bound of all bands."""
        return max(bound.error for bound in self.bounds)

    def bound(self, band: int) -> Bound:
        """The bound of a band."""
        return self.bounds[band if len(self.bounds) > 1 else 0]

    def pack(self, is_followed: bool) -> bytes:
        """The content of the refinement's block; `is_followed` if another one follows.

        >>> bounds, messages = [Bound(4)], [b"xy", b"z"]
        >>> Refinement(b"abcd", bounds, False, None, messages).pack(False).hex(" ")
        '00 61 62 63 64 01 04 02 78 79 7a'
        """
        flags = _IS_FOLLOWED * is_followed | _HAS_BASE * self.has_base | _IS_FLOAT * self.is_float
        content = bytes([flags]) + self.networks + leb128(len(self.bounds))
        for error, unit in self.bounds:
            content += struct.pack("<dd", error, unit) if self.is_float else leb128(int(error))
        if self.base_checksum is not None:
            content += struct.pack("<I", self.base_checksum)
        return content + join_messages(self.messages)


def unpack_refinement(content: bytes) -> tuple[Refinement, bool]:
    """Read the content of a block, and whether another refinement follows.

    The messages stay together as one, until :func:`split_messages` knows their number. Raises
    FormatError if the content is damaged.
    """
    reader = Reader(content)
    flags = reader.byte()
    if flags & ~(_IS_FOLLOWED | _HAS_BASE | _IS_FLOAT):
        raise FormatError("damaged: a refinement has unknown flags")
    networks, count, is_float = reader.take(ID_SIZE), reader.leb128(), bool(flags & _IS_FLOAT)
    if not 1 <= count <= MAX_BANDS:
        raise FormatError(f"damaged: a refinement has {count} bounds, not 1 to {MAX_BANDS}")
    bounds = [_read_bound(reader, is_float) for _ in range(count)]
    checksum = struct.unpack("<I", reader.take(4))[0] if flags & _HAS_BASE else None
    refinement = Refinement(networks, bounds, is_float, checksum, [reader.rest()])
    return refinement, bool(flags & _IS_FOLLOWED)


def _read_bound(reader: Reader, is_float: bool) -> Bound:
    error, unit = struct.unpack("<dd", reader.take(16)) if is_float else (reader.leb128(), 0.0)
    most = float("inf") if is_float else 2 * MOST_BOUND + 1
    if not 0 <= unit <= 2 * error < most:
        raise FormatError("damaged: the bound of a refinement is out of range")
    return Bound(error, unit)


def join_messages(messages: Sequence[bytes]) -> bytes:
    """Join the messages of all segments; the last has no length."""
    return b"".join(map(block, messages[:-1])) + messages[-1]


def split_messages(content: bytes, count: int) -> list[bytes]:
    """Split the messages of `count` segments; the last has no length.

    >>> split_messages(b"\\x02xyz", 2)
    [b'xy', b'z']
    """
    reader = Reader(content)
    return [*(reader.block() for _ in range(count - 1)), reader.rest()]
