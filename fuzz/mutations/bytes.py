"""Changes bytes: flips, cuts, insertions, runs of one value, and parts of other inputs."""

from __future__ import annotations

import random
from collections.abc import Callable

_BYTES = (0, 1, 0x7F, 0x80, 0xFF)
_LONGEST_RUN = 12

Change = Callable[[bytearray, random.Random, bytes], None]


def mutated_bytes(data: bytes, rng: random.Random, other: bytes = b"") -> bytes:
    """Change bytes in one to four places.

    Args:
        data: the bytes.
        rng: draws the changes.
        other: bytes of which a part may be taken.

    >>> mutated_bytes(b"four", random.Random(0)) == b"four"
    False
    """
    changed = bytearray(data)
    for _ in range(rng.randint(1, 4)):
        rng.choice(_CHANGES)(changed, rng, other)
    return bytes(changed)


def _flip(data: bytearray, rng: random.Random, _: bytes) -> None:
    if data:
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)


def _set(data: bytearray, rng: random.Random, _: bytes) -> None:
    if data:
        value = rng.choice(_BYTES) if rng.random() < 0.5 else rng.randrange(256)
        data[rng.randrange(len(data))] = value


def _step(data: bytearray, rng: random.Random, _: bytes) -> None:
    """Add or subtract a little at the end: another number of the same interval, or of the next."""
    if data:
        most = 1 << 8 * len(data)
        number = int.from_bytes(data, "big") + rng.choice((-2, -1, 1, 2))
        data[:] = (number % most).to_bytes(len(data), "big")


def _replace(data: bytearray, rng: random.Random, other: bytes) -> None:
    """Remove, insert or replace a run; the new one is random, of one value, or of another input."""
    start = rng.choice((0, len(data), rng.randint(0, len(data))))
    length, count = (rng.choice((0, rng.randint(1, _LONGEST_RUN))) for _ in range(2))
    runs = (b"", rng.randbytes(count), bytes([rng.choice(_BYTES)] * count))
    if rng.random() < 0.1:
        data[start:] = other[rng.randint(0, len(other)) :]
    else:
        data[start : start + length] = rng.choice(runs)


_CHANGES: tuple[Change, ...] = (_flip, _flip, _set, _set, _step, *[_replace] * 4)
