"""Changes bytes: flips, cuts, insertions, runs of one value, and parts of other inputs."""

from __future__ import annotations

import random
from collections.abc import Callable

_BYTES = (0, 1, 0x7F, 0x80, 0xFF)
_LONGEST_INSERTION = 12

Change = Callable[[bytearray, random.Random], None]


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
        if other and rng.random() < 0.1:
            _splice(changed, rng, other)
        else:
            rng.choice(_CHANGES)(changed, rng)
    return bytes(changed)


def _flip(data: bytearray, rng: random.Random) -> None:
    if data:
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)


def _set(data: bytearray, rng: random.Random) -> None:
    if data:
        value = rng.choice(_BYTES) if rng.random() < 0.5 else rng.randrange(256)
        data[rng.randrange(len(data))] = value


def _step(data: bytearray, rng: random.Random) -> None:
    """Add or subtract a little at the end: another number of the same interval, or of the next."""
    if data:
        most = 1 << 8 * len(data)
        number = int.from_bytes(data, "big") + rng.choice((-2, -1, 1, 2))
        data[:] = (number % most).to_bytes(len(data), "big")


def _cut(data: bytearray, rng: random.Random) -> None:
    del data[rng.randint(0, len(data)) :]


def _remove(data: bytearray, rng: random.Random) -> None:
    start = rng.randint(0, len(data))
    del data[start : start + rng.randint(1, 3)]


def _insert(data: bytearray, rng: random.Random) -> None:
    count, value = rng.randint(1, _LONGEST_INSERTION), rng.choice(_BYTES)
    run = rng.randbytes(count) if rng.random() < 0.5 else bytes([value] * count)
    start = rng.choice((0, len(data), rng.randint(0, len(data))))
    data[start:start] = run


def _fill(data: bytearray, rng: random.Random) -> None:
    start = rng.randint(0, len(data))
    count = min(len(data) - start, rng.randint(1, _LONGEST_INSERTION))
    data[start : start + count] = bytes([rng.choice(_BYTES)] * count)


def _splice(data: bytearray, rng: random.Random, other: bytes) -> None:
    data[rng.randint(0, len(data)) :] = other[rng.randint(0, len(other)) :]


_CHANGES: tuple[Change, ...] = (_flip, _flip, _set, _set, _step, _cut, _remove, _insert, _fill)
