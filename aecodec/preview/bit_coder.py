"""A range coder for decisions between 0 and 1, whose probabilities are in 1/65536."""

from __future__ import annotations

_LEAST_RANGE = 1 << 24


class BitDecoder:
    """Reads decisions; the payload continues with zeros without end."""

    def __init__(self, payload: bytes) -> None:
        self._rest = iter(payload)
        self._range = (1 << 32) - 1
        self._value = 0
        for _ in range(4):
            self._value = self._value << 8 | next(self._rest, 0)

    def read(self, probability: int) -> int:
        """Read a decision that is 1 with a probability in 1/65536, 1 to 65535."""
        bound = (self._range >> 16) * probability
        decision = int(self._value < bound)
        if decision:
            self._range = bound
        else:
            self._value -= bound
            self._range -= bound
        while self._range < _LEAST_RANGE:
            self._range <<= 8
            self._value = self._value << 8 | next(self._rest, 0)
        return decision


class BitEncoder:
    """Writes decisions."""

    def __init__(self) -> None:
        self._low = 0
        self._range = (1 << 32) - 1
        self._size = 4

    def write(self, decision: int, probability: int) -> None:
        """Write a decision that is 1 with a probability in 1/65536, 1 to 65535."""
        bound = (self._range >> 16) * probability
        if decision:
            self._range = bound
        else:
            self._low += bound
            self._range -= bound
        while self._range < _LEAST_RANGE:
            self._range <<= 8
            self._low <<= 8
            self._size += 1

    def finish(self) -> bytes:
        """Return the shortest payload, of at least one byte, that gives these decisions."""
        for dropped in reversed(range(8 * self._size)):
            value = -(-self._low >> dropped) << dropped
            if value < self._low + self._range:
                break
        return value.to_bytes(self._size, "big").rstrip(b"\0") or b"\0"
