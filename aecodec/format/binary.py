"""Read and write the fields of a binary file: LEB128 numbers and length-prefixed blocks."""

import zlib
from collections.abc import Sequence
from functools import reduce

from aecodec.errors import FormatError


def leb128(value: int) -> bytes:
    """Encode an unsigned integer as LEB128.

    Each byte has seven bits, the lowest first; its top bit is set if another byte follows.

    >>> leb128(300).hex()
    'ac02'
    """
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)


def block(content: bytes) -> bytes:
    """Prefix bytes with their length, a LEB128 number."""
    return leb128(len(content)) + content


def _crc_8_of_byte(byte: int) -> int:
    for _ in range(8):
        byte = byte << 1 ^ (0x107 if byte & 0x80 else 0)
    return byte


_CRC_8 = bytes(map(_crc_8_of_byte, range(256)))


def crc_8(data: bytes) -> int:
    """Compute the CRC-8/SMBUS of bytes: polynomial x^8 + x^2 + x + 1, initial value 0.

    >>> hex(crc_8(b"123456789"))
    '0xf4'
    """
    return reduce(lambda crc, byte: _CRC_8[crc ^ byte], data, 0)


def inflate(data: bytes, size: int, name: str) -> bytes:
    """Decompress a zlib stream to `size` bytes; at most one byte beyond them is computed.

    Raises FormatError if the stream is damaged or has another size; the message has the name of the
    field.

    >>> inflate(zlib.compress(b"abc"), 3, "the mask")
    b'abc'
    """
    inflater = zlib.decompressobj()
    try:
        content = inflater.decompress(data, size)
        surplus = inflater.decompress(inflater.unconsumed_tail, 1)  # also reads the checksum
    except zlib.error as error:
        raise FormatError(f"damaged: {name} does not inflate ({error})") from error
    if len(content) != size or surplus:
        raise FormatError(f"damaged: {name} does not have the picture's size")
    if inflater.unused_data or not inflater.eof:
        raise FormatError(f"damaged: {name} does not end where it should")
    return content


class Reader:
    """Reads fields in sequence, and raises an error at the end of the data.

    >>> Reader(block(b"abc") + b"rest").block()
    b'abc'
    """

    _MAX_LEB128_SIZE = 5

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._position = 0

    def __len__(self) -> int:
        return len(self._data) - self._position

    @property
    def at_end(self) -> bool:
        """Whether all bytes have been read."""
        return self._position == len(self._data)

    def take(self, count: int) -> bytes:
        """Read `count` bytes; raise FormatError if fewer remain."""
        start, self._position = self._position, self._position + count
        if self._position > len(self._data):
            raise FormatError("damaged: a field runs past the end of the file")
        return self._data[start : self._position]

    def byte(self) -> int:
        """Read one byte as an integer."""
        return self.take(1)[0]

    def leb128(self) -> int:
        """Read a LEB128 number of up to five bytes.

        Raises FormatError if it is not in its shortest form.
        """
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
        """Read a length-prefixed block."""
        return self.take(self.leb128())

    def rest(self) -> bytes:
        """Read all remaining bytes."""
        return self.take(len(self))


def join_messages(messages: Sequence[bytes]) -> bytes:
    """Join the messages of all segments, each with its length; the last has no length."""
    return b"".join(map(block, messages[:-1])) + messages[-1]


def split_messages(content: bytes, count: int) -> list[bytes]:
    """Split the messages of `count` segments; the last has no length.

    >>> split_messages(b"\\x02xyz", 2)
    [b'xy', b'z']
    """
    reader = Reader(content)
    return [*(reader.block() for _ in range(count - 1)), reader.rest()]
