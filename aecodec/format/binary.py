"""LEB128 numbers, length-prefixed blocks, and a checksum of one byte."""

from functools import reduce


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


def read_leb128(data: bytes, place: int) -> tuple[int, int]:
    """Read a LEB128 number at a place; returns it, and the place behind it.

    >>> read_leb128(leb128(300), 0)
    (300, 2)
    """
    value = shift = 0
    while data[place] > 0x7F:
        value |= (data[place] & 0x7F) << shift
        place, shift = place + 1, shift + 7
    return value | data[place] << shift, place + 1


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
