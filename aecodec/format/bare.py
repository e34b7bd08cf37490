"""Bare payloads: files of version 1 without signature, version, codec id and CRC-32.

They are for places where the codec is known from the context, such as a radio message. The
specification is section 9 of `docs/FORMAT.md`.
"""

from aecodec.errors import FormatError, UsageError
from aecodec.format.binary import crc_8
from aecodec.format.container import CODEC_ID_SIZE, MAGIC, VERSION, crc_32, unpack

_START, _END = len(MAGIC) + 1 + CODEC_ID_SIZE, 4

BARE_SAVING = _START + _END
"""Number of bytes by which a bare payload without checksum is smaller than its file."""


def to_bare(data: bytes, checksum: bool = False) -> bytes:
    """Return the bare payload of a file, and with `checksum` a byte more.

    Raises FormatError if the file is damaged, and UsageError if it has refinements.

    >>> to_bare(from_bare(b"\\x08\\x20abc", b"\\x00\\x01\\x02\\x03"))
    b'\\x08 abc'
    """
    header, _ = unpack(data)
    if header.refinements:
        raise UsageError(
            "a file with refinements, which bound the error of its samples, has no bare payload: "
            "compress without --max-error (in Python max_error)"
        )
    payload = data[_START:-_END]
    return payload + checksum_of(header.codec_id, payload) if checksum else payload


def from_bare(payload: bytes, codec_id: bytes, checksum: bool = False) -> bytes:
    """Return the file of a bare payload, which :func:`to_bare` made with the same `checksum`.

    Raises FormatError if the payload is empty, or its checksum or header is wrong. Without a
    checksum, other damage gives a valid file with another picture, or with a payload that does not
    decode.
    """
    if checksum:
        payload, stored = payload[:-1], payload[-1:]
        if stored != checksum_of(codec_id, payload):
            raise FormatError(
                "damaged: the checksum of the bare payload is wrong; it was changed, another codec "
                "made it, or it has no checksum"
            )
    if not payload:
        raise FormatError("damaged: a bare payload has at least 1 byte without its checksum")
    body = MAGIC + bytes([VERSION]) + codec_id + payload
    data = body + crc_32(body)
    unpack(data)
    return data


def checksum_of(codec_id: bytes, payload: bytes) -> bytes:
    """A byte that also depends on the codec, which the payload does not state."""
    return bytes([crc_8(codec_id + payload)])
