"""Files that a decoder has to refuse, each for one reason."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

import numpy as np
from helpers.codecs.golden import GOLDEN, golden_codecs
from made_up import with_checksum

from aecodec import Codec
from aecodec.entropy.range_coder import PYTHON, TABLE_TOTAL, Table
from aecodec.format.binary import block, leb128

_FLAGS = 7
_HEADER = 8

REASONS = {
    "magic": "a wrong first byte",
    "short": "11 bytes",
    "checksum": "a wrong checksum",
    "version": "version 2",
    "reserved_flag": "flag bit 7 is set",
    "field_past_the_end": "the block of the metadata is longer than the file",
    "number_not_shortest": "the width is `9c 00`",
    "number_of_six_bytes": "the width has six bytes",
    "no_width": "the width is 0",
    "one_frame": "a frame count of 1 is announced",
    "reduction_of_1": "a reduction of 1 is announced",
    "no_metadata": "metadata without entries is announced",
    "metadata_kind": "a metadata entry of kind 4",
    "metadata_twice": "two metadata entries of kind 2",
    "level_below_1": "level `0f`",
    "no_such_level": "level 4 of a codec with 3 levels",
    "level_between": "level 1.5 of a codec without gains",
    "bytes_behind": "a byte of 1 after the payload",
    "zero_behind": "a byte of 0 after the payload",
    "too_short": "10 bytes of payload for 800 vectors, which need 200",
    "escaped_in_vain": "an escaped code that has a column",
    "code_out_of_range": "the code 43, although the latent 127 has the code 42",
    "alpha_too_large": "an alpha plane with one byte too many",
    "alpha_ends_early": "a byte after the zlib stream of the alpha plane",
}
"""Why a decoder rejects the files."""


def files() -> Iterator[tuple[str, bytes]]:
    """Name and content of each of the files."""
    digit = (GOLDEN / "digit3.aec").read_bytes()
    yield "magic", with_checksum(b"\xaf" + digit[1:-4])
    yield "short", with_checksum(digit[:7])
    yield "checksum", digit[:-1] + bytes([digit[-1] ^ 1])
    yield "version", with_checksum(digit[:2] + b"\2" + digit[3:-4])
    for name, flags, fields in _with_fields():
        yield name, _of_digit(digit, flags, fields)
    yield "bytes_behind", with_checksum(digit[:-4] + b"\1")
    yield "zero_behind", with_checksum(digit[:-4] + b"\0")
    yield "too_short", with_checksum(_with_flags(digit, 0x10) + leb128(800) + digit[8:18])
    codec = next(each for each in golden_codecs().values() if each.spec.name == "tiles")
    yield "escaped_in_vain", _with_escaped(codec, 0)
    yield "code_out_of_range", _with_escaped(codec, 43)


def _with_fields() -> Iterator[tuple[str, int, bytes]]:
    """Name, flags and fields of files that are wrong there."""
    side = leb128(28)
    alpha, larger = zlib.compress(bytes(784)), zlib.compress(bytes(785))
    yield "reserved_flag", 0x80, b""
    yield "field_past_the_end", 0x20, leb128(100)
    yield "number_not_shortest", 0x04, b"\x9c\0" + side
    yield "number_of_six_bytes", 0x04, b"\x9c\x80\x80\x80\x80\x00" + side
    yield "no_width", 0x04, leb128(0) + side
    yield "one_frame", 0x10, leb128(1)
    yield "reduction_of_1", 0x40, b"\2"
    yield "no_metadata", 0x20, block(b"")
    yield "metadata_kind", 0x20, block(b"\4" + block(b"x"))
    yield "metadata_twice", 0x20, block(2 * (b"\2" + block(b"x")))
    yield "level_below_1", 0x08, b"\x0f"
    yield "no_such_level", 0x08, b"\x40"
    yield "level_between", 0x08, b"\x18"
    yield "alpha_too_large", 0x02, block(larger)
    yield "alpha_ends_early", 0x02, block(alpha + b"\0")


def _of_digit(digit: bytes, flags: int, fields: bytes) -> bytes:
    return with_checksum(_with_flags(digit, flags) + fields + digit[_HEADER:-4])


def _with_flags(digit: bytes, flags: int) -> bytes:
    return digit[:_FLAGS] + bytes([flags])


def _with_escaped(codec: Codec, value: int) -> bytes:
    """One tile of the codec `tiles` at level 2, whose first code is escaped."""
    prior, encoder = codec.folder.prior(2), PYTHON.encoder()
    rows = np.repeat(prior.table[0], 2)  # channel after channel, two vectors
    columns = np.full(8, 3)
    columns[0] = prior.symbols
    for n in np.argsort(rows, kind="stable"):
        encoder.encode(columns[n : n + 1], prior.tables[rows[n]])
    raw = value + (1 << 15)
    encoder.encode(np.array([raw >> 8, raw & 0xFF]), Table([TABLE_TOTAL // 256] * 256))
    head = b"\xaeC\1" + codec.spec.codec_id + b"\x08\x20"
    return with_checksum(head + encoder.finish())
