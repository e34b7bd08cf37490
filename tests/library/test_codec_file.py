"""Codec files in C: their parts, and that nothing in a damaged one is believed."""

from __future__ import annotations

import hashlib
import os
from ctypes import byref, c_void_p
from pathlib import Path

import pytest
from helpers.c.calls import decompress

from aecodec import Codec
from aecodec.base.arrays import Pixels
from aecodec.codec_files.codec_file import SectionKind, pack_codec, pack_head, without
from aecodec.native.codec import NativeCodec, aligned
from aecodec.native.library import LIBRARY
from aecodec.native.structures import ABSENT, BAD_ARGUMENT, BAD_BUNDLE, OK, UNREADABLE
from aecodec.prior_fitting.level_tables import SECTION_ARRAYS


def is_refused(content: bytes) -> bool:
    """Whether opening a codec file fails because it is damaged."""
    memory, bundle = aligned(content), c_void_p()
    address = memory.ctypes.data
    status = LIBRARY.aecodec_bundle_from_memory(address, len(content), byref(bundle))
    LIBRARY.aecodec_bundle_close(bundle)
    assert status in (OK, BAD_BUNDLE)
    return status == BAD_BUNDLE


def level_of(codec: Codec) -> bytes:
    """A codec file with only the tables of level 1."""
    sections = codec.folder.sections
    kept = [item for item in sections if item.kind == SectionKind.LEVEL and item.level == 1]
    return pack_codec(codec.spec, codec.folder.rdoq, without(sections, keeps=kept))


def test_a_codec_grows_from_its_head(codec: Codec, digits: Pixels) -> None:
    sections, file = codec.folder.sections, codec.compress(digits[0], level=1)
    grown = NativeCodec(pack_head(codec.spec, codec.folder.rdoq, sections))
    assert decompress(grown, file) == (ABSENT, b"")
    memory = [aligned(item.content or b"") for item in sections]
    for number, content in enumerate(memory):
        added = grown.handle, number, content.ctypes.data
        assert LIBRARY.aecodec_bundle_add(*added, len(content) - 1) == BAD_ARGUMENT
        assert LIBRARY.aecodec_bundle_add(*added, len(content)) == OK
    assert decompress(grown, file) == (OK, codec.decompress(file).tobytes())


def test_the_identity_covers_the_numbers_of_the_head(codec: Codec) -> None:
    content = level_of(codec)
    size = int.from_bytes(content[8:12], "little")
    for place in (*range(16, 26), 32, 63):  # of the numbers, and of the identity
        head = bytearray(content[: size - 32])
        head[place] ^= 1
        assert is_refused(bytes(head) + hashlib.sha256(head).digest())


@pytest.mark.parametrize("name", ["codec", "photo"])
def test_banks_with_and_without_zeros_need_their_flag(
    name: str, request: pytest.FixtureRequest
) -> None:
    codec: Codec = request.getfixturevalue(name)
    content = bytearray(level_of(codec))
    at = content.index(codec.folder.level_section(1))
    assert bool(content[at + 13] & 4) == (name == "photo")
    content[at + 13] ^= 4
    assert is_refused(bytes(content))


@pytest.mark.parametrize(("name", "allowed"), [("codec", 0), ("photo", 64)])
def test_spatial_weights_may_be_far_and_measure_differences(
    name: str, allowed: int, request: pytest.FixtureRequest
) -> None:
    codec: Codec = request.getfixturevalue(name)
    whole, section = level_of(codec), codec.folder.level_section(1)
    entry = 32 + 8 * list(SECTION_ARRAYS).index("context_input_shift")
    shifts = int.from_bytes(section[entry : entry + 4], "little")
    for place, is_allowed in ((13, allowed), (shifts, allowed), (shifts + allowed, False)):
        content = bytearray(whole)
        content[whole.index(section) + place] |= 8
        assert is_refused(bytes(content)) == (not is_allowed)


def test_memory_that_is_not_aligned_is_refused(codec: Codec) -> None:
    memory = aligned(b"\0" + level_of(codec))
    open_, bundle = LIBRARY.aecodec_bundle_from_memory, byref(c_void_p())
    assert open_(memory.ctypes.data + 1, len(memory) - 1, bundle) == BAD_ARGUMENT


def opened_file(path: Path) -> tuple[int, c_void_p]:
    """Status of opening a codec file by its path, and the codec."""
    bundle = c_void_p()
    return LIBRARY.aecodec_bundle_open(os.fsencode(path), byref(bundle)), bundle


def test_a_codec_file_is_whole(codec: Codec, tmp_path: Path) -> None:
    content, path = codec.folder.content, tmp_path / "a.aecodec"
    for length, expected in ((len(content) - 1, BAD_BUNDLE), (len(content), OK)):
        path.write_bytes(content[:length])
        status, bundle = opened_file(path)
        assert status == expected
    LIBRARY.aecodec_bundle_close(bundle)


def test_what_is_no_file_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "empty.aecodec").touch()
    for name in ("empty.aecodec", ".", "absent.aecodec"):
        assert opened_file(tmp_path / name)[0] == UNREADABLE
