"""Codec files in C: their parts, and that nothing in a damaged one is believed."""

from __future__ import annotations

import ctypes
import hashlib
import os
from ctypes import byref, c_char, c_size_t, c_uint32, c_void_p
from pathlib import Path

import numpy as np
import pytest
from helpers.c.beside_python import rejection

from aecodec import Codec
from aecodec.arrays import Pixels
from aecodec.codec_files.codec_file import Section, SectionKind, pack_codec, pack_head, without
from benchmarks.c_codec import (
    ABSENT,
    BAD_ARGUMENT,
    BAD_BUNDLE,
    OK,
    UNREADABLE,
    CCodec,
    aligned,
    bundle_of,
    library,
)


class Facts(ctypes.Structure):
    """`aecodec_codec_facts`."""

    _fields_ = (
        ("sha256", c_char * 32),
        ("tile_width", c_uint32),
        ("tile_height", c_uint32),
        ("channels", c_uint32),
        ("receptive_field", c_uint32),
        ("latent_channels", c_uint32),
        ("vectors_per_tile", c_uint32),
        ("levels", c_uint32),
        ("default_level", c_uint32),
        ("has_gains", c_uint32),
        ("sections", c_uint32),
        ("name", c_char * 404),
    )


def opened(content: bytes) -> tuple[int, np.ndarray, c_void_p]:
    """Status of opening a codec file, its memory, and the codec."""
    memory, opened_bundle = aligned(content), c_void_p()
    status = library().aecodec_bundle_from_memory(
        c_void_p(memory.ctypes.data), c_size_t(len(content)), byref(opened_bundle)
    )
    return status, memory, opened_bundle


def part_of(codec: Codec, *kinds: SectionKind, level: int | None = None) -> bytes:
    """A codec file with the sections of some kinds only, of a single level if one is given."""
    sections = codec.folder.sections
    kept = [
        item
        for item in sections
        if item.kind in kinds and (item.kind != SectionKind.LEVEL or level in (None, item.level))
    ]
    return pack_codec(codec.spec, codec.folder.rdoq, without(sections, keeps=kept))


@pytest.mark.parametrize("name", ["codec", "photo"])
def test_a_codec_states_what_the_codec_is(name: str, request: pytest.FixtureRequest) -> None:
    codec: Codec = request.getfixturevalue(name)
    spec, facts = codec.spec, Facts()
    status, memory, bundle = opened(bundle_of(codec.folder))
    assert status == OK
    library().aecodec_bundle_facts(bundle, byref(facts))
    library().aecodec_bundle_close(bundle)
    assert len(memory)
    assert (facts.tile_height, facts.tile_width) == spec.tile
    assert (facts.channels, facts.receptive_field) == (spec.channels, spec.receptive_field)
    assert (facts.levels, facts.default_level) == (len(spec.levels), spec.default_level)
    assert facts.latent_channels == spec.latent_channels
    assert facts.has_gains == spec.has_gains
    assert facts.name.decode() == spec.name


def test_a_codec_grows_from_its_head(codec: Codec, digits: Pixels) -> None:
    sections = codec.folder.sections
    status, kept, grown = opened(pack_head(codec.spec, codec.folder.rdoq, sections))
    assert status == OK
    assert len(kept)
    file = CCodec(bundle_of(codec.folder)).compress(digits[:1, ..., None], 1)
    pixels = CCodec(bundle_of(codec.folder)).decompress(file)
    memory = [aligned(item.content or b"") for item in sections]
    image = (c_uint32 * 8)()
    arguments = (grown, file, c_size_t(len(file)), None, None, byref(image))
    assert library().aecodec_decompress(*arguments) == ABSENT
    for number, content in enumerate(memory):
        address = c_void_p(content.ctypes.data)
        short = library().aecodec_bundle_add(grown, number, address, c_size_t(len(content) - 1))
        assert short == BAD_ARGUMENT
        assert library().aecodec_bundle_add(grown, number, address, c_size_t(len(content))) == OK
    assert library().aecodec_decompress(*arguments) == OK
    assert tuple(image[:4]) == (pixels.shape[2], pixels.shape[1], 1, 1)
    library().aecodec_image_free(byref(image))
    library().aecodec_bundle_close(grown)


def test_what_is_left_out_is_absent(codec: Codec, digits: Pixels) -> None:
    digit, whole = digits[:1, ..., None], CCodec(bundle_of(codec.folder))
    networks = (SectionKind.ENCODER, SectionKind.DECODER)
    one_level = CCodec(part_of(codec, *networks, SectionKind.LEVEL, level=2))
    only_decoder = CCodec(part_of(codec, SectionKind.DECODER, SectionKind.LEVEL))
    assert one_level.compress(digit, 2) == whole.compress(digit, 2)
    for call in (
        lambda: one_level.compress(digit, 1),
        lambda: one_level.decompress(whole.compress(digit, 1)),
        lambda: only_decoder.compress(digit, 1),
    ):
        with rejection(ABSENT):
            call()
    assert only_decoder.decompress(whole.compress(digit, 1)).shape == digit.shape


def test_every_bit_of_the_head_counts(codec: Codec) -> None:
    content = part_of(codec, SectionKind.LEVEL, level=1)
    size = int.from_bytes(content[8:12], "little")
    for place in range(size):
        damaged = bytearray(content)
        damaged[place] ^= 1 << place % 8
        assert opened(bytes(damaged))[0] == BAD_BUNDLE
    for length in (1, 95, size - 1):
        assert opened(content[:length])[0] == BAD_BUNDLE


def test_the_identity_is_checked(codec: Codec) -> None:
    """Also if the head's own hash is right."""
    content = part_of(codec, SectionKind.LEVEL, level=1)
    size = int.from_bytes(content[8:12], "little")
    for place in (16, 22, 32, 63):  # numbers that it covers, and itself
        head = bytearray(content[: size - 32])
        head[place] ^= 1
        assert opened(bytes(head) + hashlib.sha256(head).digest())[0] == BAD_BUNDLE


def test_a_file_is_whole_or_states_what_it_leaves_out(codec: Codec, tmp_path: Path) -> None:
    path = tmp_path / "a.aecodec"
    content = part_of(codec, SectionKind.DECODER)
    for size, expected in ((len(content), OK), (len(content) - 1, BAD_BUNDLE)):
        path.write_bytes(content[:size])
        status, bundle = opened_file(path)
        assert status == expected
        library().aecodec_bundle_close(bundle)


@pytest.mark.parametrize("name", ["codec", "photo"])
def test_banks_with_and_without_zeros_need_their_flag(
    name: str, request: pytest.FixtureRequest
) -> None:
    codec: Codec = request.getfixturevalue(name)
    content = bytearray(part_of(codec, SectionKind.LEVEL, level=1))
    entry = next(item for item in codec.folder.sections if item.kind == SectionKind.LEVEL)
    assert entry.content is not None
    at = content.index(entry.content)
    assert bool(content[at + 13] & 4) == (name == "photo")
    content[at + 13] ^= 4
    assert opened(bytes(content))[0] == BAD_BUNDLE


def test_residual_networks_state_whether_they_have_a_base(codec: Codec) -> None:
    kind, folder = SectionKind.RESIDUALS, codec.folder
    residuals = [item for item in folder.sections if item.kind == kind]
    for number, has_base in enumerate((False, True)):
        contents = [section.content for section in residuals if section.level == number]
        assert [content[0] for content in contents if content] == [has_base] * len(contents)
    first = residuals[0].content
    assert first is not None
    for section in (residuals[0]._replace(level=1), Section.of(kind, first[:-4])):
        assert opened(pack_codec(codec.spec, folder.rdoq, [section]))[0] == BAD_BUNDLE


def test_memory_that_is_not_aligned_is_refused(codec: Codec) -> None:
    memory = aligned(b"\0" + part_of(codec, SectionKind.LEVEL, level=1))
    status = library().aecodec_bundle_from_memory(
        c_void_p(memory.ctypes.data + 1), c_size_t(len(memory) - 1), byref(c_void_p())
    )
    assert status == BAD_ARGUMENT


def opened_file(path: Path) -> tuple[int, c_void_p]:
    """Status of opening a bundle by its path, and the bundle."""
    bundle = c_void_p()
    return library().aecodec_bundle_open(os.fsencode(path), byref(bundle)), bundle


@pytest.mark.parametrize("change", ["overwritten", "truncated"])
def test_a_codec_that_is_rewritten_in_place_stays_as_it_was_opened(
    codec: Codec, digits: Pixels, tmp_path: Path, change: str
) -> None:
    content, path = bundle_of(codec.folder), tmp_path / "a.aecodec"
    path.write_bytes(content)
    status, bundle = opened_file(path)
    assert status == OK
    path.write_bytes(b"\xff" * len(content) if change == "overwritten" else b"")
    size = c_size_t()
    section = library().aecodec_bundle_find
    section.restype = c_void_p
    kept = ctypes.string_at(section(bundle, 3, 2, byref(size)), size.value)
    library().aecodec_bundle_close(bundle)
    assert kept in content


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.bundle")
    (tmp_path / "empty.bundle").touch()
    for name in ("pipe.bundle", "empty.bundle", ".", "absent.bundle"):
        assert opened_file(tmp_path / name)[0] == UNREADABLE
