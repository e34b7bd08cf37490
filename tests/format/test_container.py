"""Headers and texts are read as they were written, and everything else is refused."""

import math
from contextlib import suppress

import pytest
from helpers.strategies import headers, refinements
from helpers.writer import Part, pack, with_checksum
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from aecodec.base.errors import AecodecError, FormatError
from aecodec.format.container import Header, MetadataKind
from aecodec.format.origin import Origin
from aecodec.format.texts import from_text, to_text
from aecodec.native.headers import part_of, read_beginning, read_header, read_info, trimmed
from aecodec.native.structures import BEGINNING

Parts = tuple[Part, ...]


@given(headers, st.binary(max_size=300))
def test_files_are_read_as_they_were_written(header: Header, payload: bytes) -> None:
    data = pack(header, payload)
    assert read_header(data) == header
    info = read_info(data)
    assert part_of(data, info.payload) == payload
    assert (info.base.at, info.base.size) == (0, len(data))
    beginning = read_beginning(data[:BEGINNING])
    assert beginning.frames == header.frames
    assert bool(beginning.has_samples) == (header.samples is not None)


@given(headers, st.binary(max_size=300), refinements())
def test_refinements_are_read_as_they_were_written(
    header: Header, payload: bytes, parts: Parts
) -> None:
    has_base = parts[0].base_checksum is not None
    payload = payload if has_base else b""
    data, base = pack(header, payload, parts), pack(header, payload)
    read = read_header(data)
    assert read._replace(refinements=()) == header
    assert read.has_base == has_base
    for part, refinement in zip(parts, read.refinements, strict=True):
        assert refinement.bounds == tuple(part.bounds)
        assert refinement.size == len(part.message)
    assert part_of(data, read_info(data).base) == (base if has_base else base[3:-4])
    assert read_beginning(data[:BEGINNING]).frames == header.frames
    if has_base:
        assert trimmed(data) == base
    assert trimmed(data, read.refinements[0].largest_bound) == pack(header, payload, parts[:1])


@pytest.mark.parametrize(
    ("beginning", "message"),
    [
        (b"", "not an .aec file"),
        (b"\xaeC\x01\0\1\2", "runs past the end"),
        (b"\xaeC\x04\0\1\2\3\0", "a format version that"),
        (b"\xaeC\x02\x0c" + bytes(12), "runs past the end"),  # no base
        (b"\xaeC\x01\0\1\2\3\x10\xff\xff\xff\xff\x7f", "runs past the end"),
        (b"\xaeC\x01\0\1\2\3\x10\xff\xff\xff\x7f", "more pixels, pictures"),
    ],
)
def test_first_bytes_that_state_no_number_are_refused(beginning: bytes, message: str) -> None:
    with pytest.raises(FormatError, match=message):
        read_beginning(beginning)


@settings(max_examples=20)
@given(headers, st.binary(max_size=30), st.just(()) | refinements())
def test_every_changed_byte_and_every_truncation_is_refused(
    header: Header, payload: bytes, parts: Parts
) -> None:
    has_base = not parts or parts[0].base_checksum is not None
    data = pack(header, payload if has_base else b"", parts)
    assume(len(data) < 200)
    for place in range(len(data)):
        for change in (1, 0x80, 0xFF):
            damaged = bytearray(data)
            damaged[place] ^= change
            with pytest.raises(FormatError):
                read_header(bytes(damaged))
        with pytest.raises(FormatError):
            read_header(data[:place])
    if parts:
        with pytest.raises(FormatError):
            read_header(data + b"\0")


@given(st.binary(max_size=64), st.booleans())
def test_any_bytes_with_a_right_checksum_are_refused_or_read(
    body: bytes, begins_well: bool
) -> None:
    """The right checksum lets the attack reach the fields."""
    data = with_checksum((b"\xaeC\x01" if begins_well else b"") + body)
    try:
        header = read_header(data)
    except AecodecError:
        return
    is_nan = header.samples and math.isnan(header.samples.nodata or 0)
    assert is_nan or pack(header, part_of(data, read_info(data).payload)) == data


@given(
    st.binary(max_size=30) | st.from_regex(rb"\.[0-9a-zA-Z]{1,18} -?[0-9]{1,14}", fullmatch=True)
)
def test_any_content_is_an_origin_or_refused(content: bytes) -> None:
    entry = bytes([MetadataKind.ORIGIN, len(content)]) + content
    file = with_checksum(b"\xaeC\x01abcd" + bytes([0x20, len(entry)]) + entry)
    with suppress(FormatError):
        origin = read_header(file).origin
        assert origin is not None
        assert origin.can_be_kept
        assert origin.pack() == content


@pytest.mark.parametrize(
    "origin", [Origin("jpg", 0), Origin(".", 0), Origin(".a b", 0), Origin(".\xe9", 0)]
)
def test_origins_that_no_file_stores_are_not_written(origin: Origin) -> None:
    assert not origin.can_be_kept
    with pytest.raises(FormatError, match="an extension must be a dot and"):
        pack(Header(b"abcd", origin=origin), b"")


@given(st.binary(max_size=300))
def test_bytes_survive_a_text_without_escapes(data: bytes) -> None:
    text = to_text(data)
    assert from_text(text) == data
    assert text.isascii()
    assert not set(text) & set(" +/=")


@given(st.text(max_size=40) | st.text(st.characters(max_codepoint=127), max_size=20))
def test_a_text_has_one_meaning_or_none(text: str) -> None:
    with suppress(FormatError):
        assert to_text(from_text(text)) == text


@pytest.mark.parametrize("text", ["YWI=", "Y", "YX", "YW+j"])
def test_padding_and_spare_bits_and_characters_are_rejected(text: str) -> None:
    with pytest.raises(FormatError, match="base64url"):
        from_text(text)
