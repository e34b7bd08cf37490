"""Bundles: their parts, and that nothing in a damaged one is believed."""

from __future__ import annotations

import ctypes
import os
from ctypes import byref, c_char, c_size_t, c_uint32, c_void_p
from pathlib import Path

import numpy as np
import pytest
from helpers.c.beside_python import rejection

from aecodec import Codec
from aecodec.arrays import Pixels
from aecodec.codec_files.file_names import Half
from aecodec.codec_files.residual_networks import networks_for
from aecodec.engine.bundle import (
    Section,
    SectionKind,
    bundle,
    head,
    plans_of,
    residual_sections,
    sections_of,
)
from aecodec.errors import UsageError
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
    """Status of opening a bundle, its memory, and the bundle."""
    memory, opened_bundle = aligned(content), c_void_p()
    status = library().aecodec_bundle_from_memory(
        c_void_p(memory.ctypes.data), c_size_t(len(content)), byref(opened_bundle)
    )
    return status, memory, opened_bundle


@pytest.mark.parametrize("name", ["codec", "photo"])
def test_a_bundle_states_what_the_codec_is(name: str, request: pytest.FixtureRequest) -> None:
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


def test_a_bundle_grows_from_its_head(codec: Codec, digits: Pixels) -> None:
    sections = sections_of(codec.folder, plans_of(codec.folder))
    status, kept, grown = opened(head(codec.folder, sections))
    assert status == OK
    assert len(kept)
    file = CCodec(bundle_of(codec.folder)).compress(digits[:1, ..., None], 1)
    pixels = CCodec(bundle_of(codec.folder)).decompress(file)
    memory = [aligned(content.content) for content in sections]
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
    plans, digit = plans_of(codec.folder), digits[:1, ..., None]
    whole = CCodec(bundle_of(codec.folder))
    one_level = CCodec(bundle(codec.folder, plans, [2]))
    only_decoder = CCodec(bundle(codec.folder, {Half.DECODER: plans[Half.DECODER]}))
    assert one_level.compress(digit, 2) == whole.compress(digit, 2)
    for call in (
        lambda: one_level.compress(digit, 1),
        lambda: one_level.decompress(whole.compress(digit, 1)),
        lambda: only_decoder.compress(digit, 1),
    ):
        with rejection(ABSENT):
            call()
    assert only_decoder.decompress(whole.compress(digit, 1)).shape == digit.shape


def test_a_level_that_the_codec_lacks_is_not_exported(codec: Codec) -> None:
    with pytest.raises(UsageError, match="level 9"):
        bundle(codec.folder, {}, [9])


def test_every_bit_of_the_head_counts(codec: Codec) -> None:
    content = bundle(codec.folder, {}, [1])
    size = int.from_bytes(content[8:12], "little")
    for place in range(size):
        damaged = bytearray(content)
        damaged[place] ^= 1 << place % 8
        assert opened(bytes(damaged))[0] == BAD_BUNDLE
    for length in (1, 95, size - 1):
        assert opened(content[:length])[0] == BAD_BUNDLE


@pytest.mark.parametrize("name", ["codec", "photo"])
def test_banks_with_and_without_zeros_need_their_flag(
    name: str, request: pytest.FixtureRequest
) -> None:
    codec: Codec = request.getfixturevalue(name)
    sections = sections_of(codec.folder, {}, [1])[:1]
    content = bytearray(sections[0].content)
    assert bool(content[13] & 4) == (name == "photo")
    content[13] ^= 4
    assert opened(head(codec.folder, sections) + bytes(content))[0] == BAD_BUNDLE


def test_bundles_have_the_networks_of_python(codec: Codec) -> None:
    kind, residuals = SectionKind.RESIDUALS, residual_sections(codec.folder)
    for number, has_base in enumerate((False, True)):
        contents = [section.content for section in residuals if section.level == number]
        for bands in (1, 3):
            networks = networks_for(codec.folder, bands, has_base=has_base)
            assert networks.content == contents[bands > 1]
    for section in (residuals[0]._replace(level=1), Section(kind, 0, residuals[0].content[:-4])):
        content = head(codec.folder, [section]) + section.content
        assert opened(content)[0] == BAD_BUNDLE


def test_memory_that_is_not_aligned_is_refused(codec: Codec) -> None:
    memory = aligned(b"\0" + bundle(codec.folder, {}, [1]))
    status = library().aecodec_bundle_from_memory(
        c_void_p(memory.ctypes.data + 1), c_size_t(len(memory) - 1), byref(c_void_p())
    )
    assert status == BAD_ARGUMENT


def opened_file(path: Path) -> tuple[int, c_void_p]:
    """Status of opening a bundle by its path, and the bundle."""
    bundle = c_void_p()
    return library().aecodec_bundle_open(os.fsencode(path), byref(bundle)), bundle


@pytest.mark.parametrize("change", ["overwritten", "truncated"])
def test_a_bundle_that_is_rewritten_in_place_stays_as_it_was_opened(
    codec: Codec, digits: Pixels, tmp_path: Path, change: str
) -> None:
    content, path = bundle_of(codec.folder), tmp_path / "a.bundle"
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
