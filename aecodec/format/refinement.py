"""Refinements of an `.aec` file: residuals that bound the error of every sample.

A file of version 2 is a whole file of version 1, the base, and one or more refinements.
"""

import struct
from collections.abc import Sequence
from typing import NamedTuple

from aecodec.errors import FormatError
from aecodec.format.binary import Reader, join_messages, leb128
from aecodec.format.samples import MAX_BANDS

ID_SIZE = 4
MOST_BOUND = (1 << 30) - 1
"""Largest bound of integers."""

ROOT_UNITS, MOST_ROOT = 256, (1 << 20) - 1
"""Factors of square roots are stored in 1/256; the largest one."""

MAX_REFINEMENTS = 16
"""Limit that keeps the work of checking a file proportional to its size."""

_IS_FOLLOWED = 0b0001
_HAS_BASE = 0b0010
_IS_FLOAT = 0b0100
_IS_ROOT = 0b1000


class Bound(NamedTuple):
    """The guaranteed maximum error of a band.

    Attributes:
        error: largest difference between a sample and its original; or, with `is_root`, the factor
            of the square root of the original that is the largest difference, in steps of 1/256.
        unit: distance of two values of floats that can be told apart; 0 if their bits are exact,
            and for integers.
        is_root: whether `error` is a factor of the square root.

    >>> Bound(0.5, is_root=True).text, Bound(4).text
    ('0.5sqrt', '4')
    """

    error: float
    unit: float = 0.0
    is_root: bool = False

    @property
    def text(self) -> str:
        """The bound for messages, as users write it."""
        return f"{self.error:g}sqrt" if self.is_root else f"{self.error:g}"

    @property
    def json(self) -> float | str:
        """The bound for JSON: a number, or a text if it is a factor of the square root."""
        return self.text if self.is_root else self.error

    def pack(self, is_float: bool) -> bytes:
        """The bytes of a bound of floats, or of integers."""
        if is_float:
            return struct.pack("<dd", self.error, self.unit)
        return leb128(int(self.error * ROOT_UNITS if self.is_root else self.error))


Bounds = Sequence[Bound]
"""One bound for all bands, or one for each."""


def bound_of(bounds: Bounds, band: int) -> Bound:
    """The bound of a band."""
    return bounds[band if len(bounds) > 1 else 0]


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
    bounds: Bounds
    is_float: bool
    base_checksum: int | None
    messages: Sequence[bytes]

    @property
    def has_base(self) -> bool:
        """Whether the residuals are differences from the samples before the refinement."""
        return self.base_checksum is not None

    @property
    def is_root(self) -> bool:
        """Whether the bounds are factors of the square root."""
        return any(bound.is_root for bound in self.bounds)

    @property
    def largest_bound(self) -> Bound:
        """The largest bound of all bands."""
        return max(self.bounds)

    def guarantees(self, bound: Bound) -> bool:
        """Whether no sample exceeds a bound. Only bounds of the same kind can be compared."""
        error, _, is_root = self.largest_bound
        return error <= bound.error and (is_root == bound.is_root or not error)

    def bound(self, band: int) -> Bound:
        """The bound of a band."""
        return bound_of(self.bounds, band)

    def pack(self, is_followed: bool) -> bytes:
        """The content of the refinement's block; `is_followed` if another one follows.

        >>> bounds, messages = [Bound(4)], [b"xy", b"z"]
        >>> Refinement(b"abcd", bounds, False, None, messages).pack(False).hex(" ")
        '00 61 62 63 64 01 04 02 78 79 7a'
        """
        flags = _IS_FOLLOWED * is_followed | _HAS_BASE * self.has_base
        flags |= _IS_FLOAT * self.is_float | _IS_ROOT * self.is_root
        content = bytes([flags]) + self.networks + leb128(len(self.bounds))
        content += b"".join(bound.pack(self.is_float) for bound in self.bounds)
        if self.base_checksum is not None:
            content += struct.pack("<I", self.base_checksum)
        return content + join_messages(self.messages)


def unpack_refinement(content: bytes) -> tuple[Refinement, bool]:
    """Read the content of a block, and whether another refinement follows.

    The messages stay together as one, until :func:`~aecodec.format.binary.split_messages` knows
    their number. Raises FormatError if the content is damaged.
    """
    reader = Reader(content)
    flags = reader.byte()
    is_float, is_root = bool(flags & _IS_FLOAT), bool(flags & _IS_ROOT)
    if flags & ~(_IS_FOLLOWED | _HAS_BASE | _IS_FLOAT | _IS_ROOT) or (is_float and is_root):
        raise FormatError("damaged: a refinement has unknown flags")
    networks, count = reader.take(ID_SIZE), reader.leb128()
    if not 1 <= count <= MAX_BANDS:
        raise FormatError(f"damaged: a refinement has {count} bounds, not 1 to {MAX_BANDS}")
    bounds = [_read_bound(reader, is_float, is_root) for _ in range(count)]
    checksum = struct.unpack("<I", reader.take(4))[0] if flags & _HAS_BASE else None
    refinement = Refinement(networks, bounds, is_float, checksum, [reader.rest()])
    return refinement, bool(flags & _IS_FOLLOWED)


def _read_bound(reader: Reader, is_float: bool, is_root: bool) -> Bound:
    error, unit = struct.unpack("<dd", reader.take(16)) if is_float else (reader.leb128(), 0.0)
    most = float("inf") if is_float else MOST_ROOT if is_root else MOST_BOUND
    if not 0 <= unit <= 2 * error < 2 * most + 1:
        raise FormatError("damaged: the bound of a refinement is out of range")
    return Bound(error / ROOT_UNITS if is_root else error, unit, is_root)
