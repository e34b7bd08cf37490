"""The container gives back what it was given, and refuses everything else."""

import pytest
from helpers.files import with_checksum
from helpers.strategies import headers, refinements
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from aecodec import Codec
from aecodec.errors import AecodecError, FormatError
from aecodec.format import container
from aecodec.format.binary import join_messages, split_messages
from aecodec.format.container import Header
from aecodec.format.refinement import Refinement
from aecodec.format.samples import Layout, Samples, SampleType

Parts = tuple[Refinement, ...]


@given(headers, st.binary(max_size=300), refinements())
def test_files_are_read_as_they_were_written(header: Header, payload: bytes, parts: Parts) -> None:
    """Files of version 1, and files of version 2 with refinements."""
    refined = header._replace(refinements=parts)
    payload = payload if refined.has_base else b""
    base, data = container.pack(header, payload), container.pack(refined, payload)
    assert container.unpack(base) == (header, payload)
    assert container.unpack(data) == (refined, payload)
    assert container.base_of(data) == base
    for file in (base, data):
        beginning = file[: container.BEGINNING]
        assert container.frames_stated(beginning) == header.frames
        assert container.has_samples(beginning) == (header.samples is not None)
    if refined.has_base:
        assert container.trimmed(data) == base
    first = header._replace(refinements=parts[:1])
    assert container.trimmed(data, parts[0].largest_bound) == container.pack(first, payload)


@pytest.mark.parametrize(
    ("beginning", "message"),
    [
        (b"", "not an .aec file"),
        (b"\xaeC\x01\0\1\2", "not an .aec file"),
        (b"\xaeC\x03\0\1\2\3\0", "format version 3"),
        (b"\xaeC\x01\0\1\2\3\x10", "runs past the end"),
        (b"\xaeC\x01\0\1\2\3\x10\xff\xff\xff\xff\x7f", "a file can hold 1 to 16777216"),
        (b"\xaeC\x01\0\1\2\3\x10\0", "a file can hold 1 to"),
    ],
)
def test_first_bytes_that_state_no_number_are_refused(beginning: bytes, message: str) -> None:
    with pytest.raises(FormatError, match=message):
        container.frames_stated(beginning)


@settings(max_examples=20)
@given(headers, st.binary(max_size=30), st.just(()) | refinements())
def test_every_changed_byte_and_every_truncation_is_refused(
    header: Header, payload: bytes, parts: Parts
) -> None:
    refined = header._replace(refinements=parts)
    data = container.pack(refined, payload if refined.has_base else b"")
    assume(len(data) < 200)
    for place in range(len(data)):
        for change in (1, 0x80, 0xFF):
            damaged = bytearray(data)
            damaged[place] ^= change
            with pytest.raises(FormatError):
                container.unpack(bytes(damaged))
        with pytest.raises(FormatError):
            container.unpack(data[:place])
    if parts:
        with pytest.raises(FormatError, match="bytes follow"):
            container.unpack(data + b"\0")


@given(st.binary(max_size=64), st.booleans())
def test_any_bytes_with_a_right_checksum_are_refused_or_read(
    body: bytes, begins_well: bool
) -> None:
    """The right checksum lets the attack reach the fields."""
    data = with_checksum((b"\xaeC\x01" if begins_well else b"") + body)
    try:
        header, payload = container.unpack(data)
    except AecodecError:
        return
    assert container.pack(header, payload) == data


@pytest.mark.parametrize(
    ("header", "message"),
    [
        (Header(b"abcd", size=(0, 5)), "side"),
        (Header(b"abcd", size=(1 << 21, 5)), "side"),
        (Header(b"abcd", frames=0), "frames"),
        (Header(b"abcd", size=(1 << 20, 1 << 20)), "pixels"),
        (Header(b"abcd", level=3), "level"),
        (Header(b"abcd", reduction=1), "reduction"),
        (Header(b"abcd", samples=Samples(SampleType.INT8, Layout.HWB, 33)), "33 bands"),
        (Header(b"abcd", samples=Samples(SampleType.INT8, Layout.HW, nodata=300)), "not of type"),
    ],
)
def test_headers_beyond_the_limits_are_not_written(header: Header, message: str) -> None:
    with pytest.raises(FormatError, match=message):
        container.pack(header, b"")


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ("03 fc33ca7b 80", "version 3"),
        ("01 fc33ca7b 54 9c00 1c 01 02", "not in its shortest form"),
        ("01 fc33ca7b 54 00 1c 01 02", "frame count of 1"),
        ("01 fc33ca7b 74 00 1c 00 02 00", "reduction factor of 1"),
        ("01 fc33ca7b 74 00 1c 00 41 00", "the metadata has no entries"),
        ("01 fc33ca7b 5c 00 1c 0f 00 41", "each side"),
        ("01 fc33ca7b 58 0f 00 41", "0 frames"),
        ("01 fc33ca7b 4c 808002 818002 0f 41", "at most 1073741824"),
        ("01 fc33ca7b 4c 818001 808001 0f 41", "reduction factor 32.5"),
        ("01 fc33ca7b 4c 8140 8040 0f 40", "at most 67108864"),
        ("01 00000000 08 0f", "level 0.9375"),
        ("01 00000000 08 40", "made with codec 00000000"),
        ("01 fc33ca7b 1c 8001 8001 40 808004", "max_frames"),
        ("01 fc33ca7b 18 40 a006", "level 4: codec digits"),
        ("01 fc33ca7b 18 10 a006", "too short for 800"),
    ],
)
def test_a_file_with_several_errors_is_rejected_for_the_first(
    codec: Codec, fields: str, message: str
) -> None:
    data = with_checksum(b"\xae\x43" + bytes.fromhex(fields))
    for read in (codec.decoder.check, codec.decoder.decompress_picture):
        with pytest.raises(AecodecError, match=message):
            read(data)


@given(st.lists(st.binary(max_size=9), min_size=1, max_size=5))
def test_messages_are_joined_and_split(messages: list[bytes]) -> None:
    assert split_messages(join_messages(messages), len(messages)) == messages
