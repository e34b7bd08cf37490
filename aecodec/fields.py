"""Numbers and blocks of bytes, one after the other, written and read."""

from __future__ import annotations

from aecodec.errors import FormatError


def leb128(value: int) -> bytes:
    """Unsigned LEB128: seven bits a byte, lowest first, the top bit says that more follow."""
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)


def block(content: bytes) -> bytes:
    """Bytes, and before them how many they are."""
    return leb128(len(content)) + content


class Reader:
    """Walks over bytes and refuses to run past their end."""

    _MAX_LEB128_SIZE = 5

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._position = 0

    @property
    def at_end(self) -> bool:
        return self._position == len(self._data)

    def take(self, count: int) -> bytes:
        start, self._position = self._position, self._position + count
        if self._position > len(self._data):
            raise FormatError("damaged: a field runs past the end of the file")
        return self._data[start : self._position]

    def byte(self) -> int:
        return self.take(1)[0]

    def leb128(self) -> int:
        """One number, in its shortest form only, so that a header has one spelling."""
        value = 0
        for index in range(self._MAX_LEB128_SIZE):
            byte = self.byte()
            value |= (byte & 0x7F) << 7 * index
            if byte < 0x80:
                if index and not byte:
                    raise FormatError("damaged: a number is not in its shortest form")
                return value
        raise FormatError("damaged: a number is longer than the format allows")

    def block(self) -> bytes:
        return self.take(self.leb128())

    def rest(self) -> bytes:
        return self.take(len(self._data) - self._position)
