"""The container gives back what it was given, and refuses everything else."""

import zlib

import pytest
from helpers.strategies import headers
from hypothesis import given
from hypothesis import strategies as st

from aecodec import Codec
from aecodec.errors import AecodecError, FormatError
from aecodec.format import container
from aecodec.format.container import Header, MetadataKind
from aecodec.format.samples import Layout, Samples, SampleType


def assert_round_trip(header: Header, payload: bytes) -> bytes:
    data = container.pack(header, payload)
    assert container.unpack(data) == (header, payload)
    return data


@given(headers, st.binary(max_size=300))
def test_any_header_and_payload_come_back(header: Header, payload: bytes) -> None:
    assert_round_trip(header, payload)


@given(headers, st.binary(max_size=300))
def test_the_first_bytes_state_the_number_of_pictures(header: Header, payload: bytes) -> None:
    data = container.pack(header, payload)
    assert container.frames_stated(data[: container.BEGINNING]) == header.frames


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


@given(headers, st.binary(max_size=30))
def test_every_bit_flip_and_truncation_is_refused(header: Header, payload: bytes) -> None:
    data = container.pack(header, payload)[:200]
    if len(data) == 200:
        return
    for bit in range(8 * len(data)):
        flipped = bytearray(data)
        flipped[bit // 8] ^= 1 << bit % 8
        with pytest.raises(FormatError):
            container.unpack(bytes(flipped))
    for length in range(len(data)):
        with pytest.raises(FormatError):
            container.unpack(data[:length])


@given(st.binary(max_size=64), st.booleans())
def test_any_bytes_with_a_right_checksum_are_refused_or_read(
    body: bytes, begins_well: bool
) -> None:
    """The right checksum lets the attack reach the fields."""
    body = (b"\xaeC\x01" if begins_well else b"") + body
    data = body + zlib.crc32(body).to_bytes(4, "little")
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
        (Header(b"abcd", metadata={MetadataKind.TIFF: b""}), "only files with bands"),
        (Header(b"abcd", samples=Samples(SampleType.INT8, Layout.HWB, 33)), "33 bands"),
        (Header(b"abcd", samples=Samples(SampleType.INT8, Layout.HW, nodata=300)), "not of type"),
    ],
)
def test_headers_beyond_the_limits_are_not_written(header: Header, message: str) -> None:
    with pytest.raises(FormatError, match=message):
        container.pack(header, b"")


def sealed(body: bytes) -> bytes:
    return body + zlib.crc32(body).to_bytes(4, "little")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "not an .aec file"),
        (b"\x89PNG\r\n\x1a\n plus what follows", "not an .aec file"),
        (b"\xaeC\x01", "the file has 3 bytes"),
        (sealed(b"\xaeC\x03abcd\0"), "version 3"),
        (sealed(b"\xaeC\x01abcd\x80\x02\x07\0"), "unknown type or layout"),
        (sealed(b"\xaeC\x01abcd\x80\x02\0\x06"), "unknown type or layout"),
        (sealed(b"\xaeC\x01abcd\x80\x02\0\x08"), "2 bands in an array without"),
        (sealed(b"\xaeC\x01abcd\x90\x02\x02\0\0"), "2 frames in an array without"),
        (sealed(b"\xaeC\x01abcd\x80\x03\0\0\0"), "mask does not end"),
        (sealed(b"\xaeC\x01abcd\x80\x03\x20\0\1"), "mask does not end"),
        (sealed(b"\xaeC\x01abcd\x80\x04\x20\x11\2a"), "mask with 2 planes"),
        (sealed(b"\xaeC\x01abcd\x80\x04\x08\0\5\5"), "limits 5 and 5"),
        (sealed(b"\xaeC\x01abcd\x80\x0a\x0c\0" + b"\0\0\0\0\0\0\1\0"), "limits 0 and 65536"),
        (sealed(b"\xaeC\x01abcd\x80\x06\x0d\0\0\0\0\x7c"), "limits 0 and inf"),
        (sealed(b"\xaeC\x01abcd\x80\x04\x40\0\2\x20"), "repetition of a band"),
        (sealed(b"\xaeC\x01abcd\x80\x04\x40\0\0\0"), "repetition of a band"),
        (sealed(b"\xaeC\x01abcd\x81\x02\0\0"), "neither a colour mode nor a reduction"),
        (sealed(b"\xaeC\x01abcd\xc0\3\x02\0\0"), "neither a colour mode nor a reduction"),
        (sealed(b"\xaeC\x01abcd\x20\x02\4\0"), "kind 4 is unknown"),
        (sealed(b"\xaeC\x01abcd\x04\x80\x00\x05"), "shortest form"),
        (sealed(b"\xaeC\x01abcd\x04\xff\xff\xff\xff\xff\x01"), "longer than"),
        (sealed(b"\xaeC\x01abcd\x04\x05"), "past the end"),
        (sealed(b"\xaeC\x01abcd\x20\x02\x09\x00"), "unknown or occurs twice"),
        (sealed(b"\xaeC\x01abcd\x02\x7f"), "past the end"),
        (sealed(b"\xaeC\x01abcd\x10\x01"), "frame count of 1"),
        (sealed(b"\xaeC\x01abcd\x20\x00"), "no entries"),
        (sealed(b"\xaeC\x01abcd\x40\x02"), "reduction factor of 1"),
        (sealed(b"\xaeC\x01abcd\x40\x41"), "factor 32.5"),
    ],
)
def test_each_fault_has_its_own_message(data: bytes, message: str) -> None:
    with pytest.raises(FormatError, match=message):
        container.unpack(data)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ("03 0881441f 80", "version 3"),
        ("01 0881441f 54 9c00 1c 01 02", "not in its shortest form"),
        ("01 0881441f 54 00 1c 01 02", "frame count of 1"),
        ("01 0881441f 74 00 1c 00 02 00", "reduction factor of 1"),
        ("01 0881441f 74 00 1c 00 41 00", "the metadata has no entries"),
        ("01 0881441f 5c 00 1c 0f 00 41", "each side"),
        ("01 0881441f 58 0f 00 41", "0 frames"),
        ("01 0881441f 4c 808002 818002 0f 41", "at most 1073741824"),
        ("01 0881441f 4c 818001 808001 0f 41", "reduction factor 32.5"),
        ("01 0881441f 4c 8140 8040 0f 40", "at most 67108864"),
        ("01 00000000 08 0f", "level 0.9375"),
        ("01 00000000 08 40", "made with codec 00000000"),
        ("01 0881441f 1c 8001 8001 40 808004", "max_frames"),
        ("01 0881441f 18 40 a006", "level 4: codec digits"),
        ("01 0881441f 18 10 a006", "too short for 800"),
    ],
)
def test_a_file_with_several_errors_is_rejected_for_the_first(
    codec: Codec, fields: str, message: str
) -> None:
    body = b"\xae\x43" + bytes.fromhex(fields)
    data = body + zlib.crc32(body).to_bytes(4, "little")
    for read in (codec.decoder.check, codec.decoder.decompress_picture):
        with pytest.raises(AecodecError, match=message):
            read(data)
