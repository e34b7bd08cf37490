"""Codec files that were made on purpose: errors of the tree, whatever their hashes claim."""

from __future__ import annotations

import hashlib
import math
import os
import struct
import zlib
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from shutil import copyfile
from typing import Any

import numpy as np
import pytest
from helpers.codecs.band_codecs import band_codec
from helpers.codecs.golden import GOLDEN
from helpers.codecs.made_up_codecs import change_spec
from hypothesis import given, settings
from hypothesis import strategies as st

import aecodec
from aecodec import AecodecError, Codec, CodecError
from aecodec.codec_files.codec_file import (
    Section,
    SectionKind,
    bands_section,
    open_codec,
    pack_codec,
    pack_head,
)
from aecodec.codec_files.folder import CodecFolder
from aecodec.codec_files.spec import Bands
from aecodec.data.samples import sample_paths
from aecodec.imaging.transfer import Transfer

SMALL = {
    name: (GOLDEN / "codecs" / f"{name}.aecodec").read_bytes()
    for name in ("bands", "even", "grid", "tiles")
}
DIRECTORY_ENTRY, NUMBERS, HASH = 48, 16, 32


def use(path: Path, name: str) -> None:
    """Open a codec file and decode a file with it; the limits keep a hostile codec quick."""
    codec = Codec(CodecFolder(path))
    _ = codec.folder.measured
    data = (GOLDEN / f"{name.replace('tiles', 'tiles_parts')}.aec").read_bytes()
    data = data[:3] + codec.spec.codec_id + data[7:-4]
    codec.decoder.decompress_picture(data + struct.pack("<I", zlib.crc32(data)))


def sealed(head: bytes) -> bytes:
    """A head with the identity and the hash that its bytes have, as far as they can be read."""
    levels, name = head[21], struct.unpack_from("<H", head, 30)[0]
    start, stop, _, has_gains = struct.unpack_from("<HHBB", head, 64)
    gains = 2 * levels * (stop - start) if has_gains else 0
    directory = 64 + 8 * levels + gains + name
    covered = head[NUMBERS:32] + head[64:directory]
    for number in range(struct.unpack_from("<H", head, 6)[0]):
        entry = head[directory + number * DIRECTORY_ENTRY :][:40]
        covered += entry if entry[:1] and entry[0] in (2, 3, 4) else b""
    whole = head[:32] + hashlib.sha256(covered).digest() + head[64:-HASH]
    return whole + hashlib.sha256(whole).digest()


def changed(data: st.DataObject, content: bytes) -> bytes:
    mutable = bytearray(content)
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(content) - 1))
        word = data.draw(st.sampled_from([b"\0\0", b"\xff\xff", b"\x01\0", b"\xff\x7f", b"\0\x80"]))
        mutable[place : place + 2] = data.draw(st.just(word) | st.binary(min_size=1, max_size=2))
    return bytes(mutable[: len(content)].ljust(len(content), b"\0"))


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("codec") / "hostile.aecodec"


@settings(max_examples=150)
@given(st.sampled_from(sorted(SMALL)), st.data())
def test_any_head_is_read_or_refused(file: Path, name: str, data: st.DataObject) -> None:
    content = SMALL[name]
    size = struct.unpack_from("<I", content, 8)[0]
    with suppress(IndexError, struct.error):
        head = sealed(changed(data, content[:size]))
        file.write_bytes(head + content[size:])
        with suppress(AecodecError):
            use(file, name)


@settings(max_examples=150)
@given(st.sampled_from(sorted(SMALL)), st.data())
def test_any_section_is_used_or_refused(file: Path, name: str, data: st.DataObject) -> None:
    codec = CodecFolder(GOLDEN / "codecs" / f"{name}.aecodec")
    sections = codec.sections
    place = data.draw(st.integers(0, len(sections) - 1))
    kind, level, *_, content = sections[place]
    sections[place] = Section.of(SectionKind(kind), changed(data, content or b"\0"), level)
    file.write_bytes(pack_codec(codec.spec, codec.rdoq, sections))
    with suppress(AecodecError):
        use(file, name)


@settings(max_examples=100)
@given(st.sampled_from(sorted(SMALL)), st.data())
def test_a_changed_bit_and_a_cut_are_found(file: Path, name: str, data: st.DataObject) -> None:
    content, entries = SMALL[name], open_codec(SMALL[name]).entries
    first = min(entry.offset for entry in entries)
    places = [range(first - HASH), *(range(e.offset, e.offset + e.size) for e in entries)]
    chosen = data.draw(st.sampled_from([part for part in places if len(part)]))
    place = data.draw(st.sampled_from(chosen))
    damaged = bytearray(content)
    damaged[place] ^= 1 << data.draw(st.integers(0, 7))
    for damage in (damaged, content[:place]):
        file.write_bytes(damage)
        with pytest.raises(CodecError, match=r"hostile\.aecodec"):
            CodecFolder(file)


def test_what_does_not_count_keeps_the_identity_and_all_else_changes_it() -> None:
    codec = CodecFolder(GOLDEN / "codecs" / "bands.aecodec")
    spec, sections = codec.spec, codec.sections

    def identity(changed: Any, sections: list[Section]) -> str:
        return pack_head(changed, codec.rdoq._replace(most=9), sections)[32:64].hex()

    others = [item for item in sections if item.kind != SectionKind.MEASUREMENTS]
    left_out = [item._replace(content=None) for item in sections[1:]]
    unknown = sections[-1]._replace(kind=99)
    for same in (others, [*sections, unknown], [sections[0], *left_out]):
        assert identity(spec, same) == spec.sha256
    different: dict[str, Any] = {"name": "other", "default_level": 1, "receptive_field": 2}
    for name, value in different.items():
        assert identity(replace(spec, **{name: value}), sections) != spec.sha256
    for number, section in enumerate(others[1:], 1):
        parts = [*sections]
        parts[number] = Section.of(SectionKind(section.kind), b"changed", section.level)
        assert identity(spec, parts) != spec.sha256


@pytest.mark.parametrize(
    ("limits", "tables"),
    [
        ([[1, 1]], [[0] * 255 + [65535]]),
        ([[0, np.inf]], [[0] * 255 + [65535]]),
        ([[np.nan, 1]], [[0] * 255 + [65535]]),
        ([[0, 1]], [[0] * 255 + [65534]]),
        ([[0, 1]], [[0, 5, *[4] * 253, 65535]]),
        ([[0, 1]], [[0, 65535]]),
    ],
)
def test_transfers_that_are_none_are_refused(tmp_path: Path, limits: Any, tables: Any) -> None:
    codec = band_codec(tmp_path, [(0, 1)], 1)
    transfer = Transfer(np.array(limits, np.float64), np.array(tables, np.uint16))
    section = bands_section(Bands(1, ("a",)), transfer)
    codec.file.write_bytes(pack_codec(codec.spec, codec.rdoq, [section, *codec.sections[1:]]))
    with pytest.raises(CodecError, match=r"bands\.aecodec: this is not a codec file of version"):
        CodecFolder.open(tmp_path)


@pytest.mark.parametrize("name", ["\x1b[2J", "a\nb", "\u202egnp", "", "x" * 101])
def test_names_that_would_reach_the_terminal_are_refused(copy: Path, name: str) -> None:
    change_spec(copy, name=name)
    with pytest.raises(CodecError, match="printable"):
        aecodec.load_codec(copy)


@pytest.mark.parametrize("content", [b"3", b"{", b'{"levels": [{}]}', b"\xff", b'{"levels": 3}'])
def test_measurements_that_are_none_are_refused(copy: Path, content: bytes) -> None:
    codec = CodecFolder.open(copy)
    sections = [item for item in codec.sections if item.kind != SectionKind.MEASUREMENTS]
    sections.append(Section.of(SectionKind.MEASUREMENTS, content))
    codec.file.write_bytes(pack_codec(codec.spec, codec.rdoq, sections))
    with pytest.raises(CodecError, match="damaged measurements"):
        _ = CodecFolder.open(copy).measured


def test_pipes_and_devices_are_not_read(copy: Path) -> None:
    data, file = aecodec.compress(sample_paths()[3]), copy / "digits.aecodec"
    for make in (os.mkfifo, lambda path: Path(path).symlink_to("/dev/zero")):
        file.unlink()
        make(file)
        with pytest.raises(CodecError, match=r"digits\.aecodec"):
            aecodec.decompress(data, copy)


def test_spatial_weights_without_neighbours_are_refused(tmp_path: Path) -> None:
    copyfile(GOLDEN / "codecs" / "grid.aecodec", tmp_path / "grid.aecodec")
    assert CodecFolder.open(tmp_path).native
    change_spec(tmp_path, receptive_field=0)
    with pytest.raises(CodecError, match=r"grid\.aecodec"):
        _ = CodecFolder.open(tmp_path).native


@pytest.mark.parametrize(
    ("head", "levels"),
    [
        ((4, 1, 1, 2, 2), [0]),
        ((2, 1, 1, 2, 2), [0]),
        ((0, 0, 1, 2, 2), [0]),
        ((0, 17, 1, 2, 2), [0]),
        ((0, 1, 0, 2, 2), [0]),
        ((0, 1, 1, 257, 1), [0]),
        ((0, 1, 1, 1, 257), [0]),
        ((0, 1, 3, 256, 256), [0]),
        ((0, 1, 1, 2, 2), [1]),
        ((0, 1, 1, 2, 2), [0, 0]),
    ],
)
def test_primers_that_break_a_rule_are_refused(
    file: Path, head: tuple[int, ...], levels: list[int]
) -> None:
    samples = bytes(math.prod(head[1:]))  # of a byte each
    content = struct.pack("<BBHHH", *head) + zlib.compress(samples)
    primers = [Section.of(SectionKind.PRIMER, content, level) for level in levels]
    codec = CodecFolder.open(GOLDEN / "codecs" / "even.aecodec")
    file.write_bytes(pack_codec(codec.spec, codec.rdoq, [*codec.sections, *primers]))
    with pytest.raises(CodecError):
        _ = CodecFolder.open(file).native
