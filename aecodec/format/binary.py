"""LEB128 numbers and length-prefixed blocks."""


def leb128(value: int) -> bytes:
    """Encode an unsigned integer in groups of 7 bits, lowest first; a top bit of 1 continues."""
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)


def read_leb128(data: bytes, place: int) -> tuple[int, int]:
    """Read a LEB128 number at a position; return the number and the position after it."""
    value = shift = 0
    while data[place] > 0x7F:
        value |= (data[place] & 0x7F) << shift
        place, shift = place + 1, shift + 7
    return value | data[place] << shift, place + 1


def block(content: bytes) -> bytes:
    """Prefix bytes with their length, a LEB128 number."""
    return leb128(len(content)) + content
