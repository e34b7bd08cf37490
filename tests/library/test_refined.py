"""Files with a maximum error in C: their parts, damaged files, and that they are Python's files."""

from __future__ import annotations

from ctypes import byref, c_char_p, c_size_t, c_void_p, string_at

import pytest
from helpers.c.beside_python import rejection
from helpers.codecs.golden import REFINED, codec_of
from helpers.writer import pack, unpack

from aecodec.native.headers import part_of, read_info
from benchmarks.c_codec import (
    INCOMPLETE,
    NO_BASE,
    OK,
    TOO_MUCH_MEMORY,
    TOO_MUCH_WORK,
    CCodec,
    Limits,
    bundle_of,
    library,
)


def golden(name: str) -> bytes:
    return (REFINED / f"{name}.aec").read_bytes()


@pytest.mark.parametrize(
    ("name", "status"), [("photo_level", OK), ("digits_nested", OK), ("digit_lossless", NO_BASE)]
)
def test_the_base_is_found_in_the_first_bytes(name: str, status: int) -> None:
    data, base, size, needed = golden(name), c_void_p(), c_size_t(), c_size_t()
    for length in range(len(data) + 1):
        part = c_char_p(data[:length])
        found = library().aecodec_file_base(
            part, c_size_t(length), byref(base), byref(size), byref(needed)
        )
        assert found == (INCOMPLETE if length < needed.value else status)
    assert string_at(base, size.value) == part_of(data, read_info(data).base)
    assert needed.value < len(data)


def test_refinements_count_as_work() -> None:
    header, payload = unpack(golden("grey_lossless"))
    allowed = max(1 << 21, 4096 * len(golden("grey_lossless")))
    bomb = header._replace(size=(1024, allowed // 1000))
    c = CCodec(bundle_of(codec_of(golden("grey_lossless")).folder))
    with rejection(TOO_MUCH_WORK):
        c.decompress(pack(bomb, payload))
    with rejection(TOO_MUCH_MEMORY):
        c.decompress(pack(bomb, payload), Limits(1 << 30, max_memory=1 << 20))
