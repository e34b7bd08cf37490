"""Entries of the metadata come back, and those that break a rule are refused."""

from contextlib import suppress

import pytest
from helpers.strategies import origins
from helpers.writer import pack
from hypothesis import given
from hypothesis import strategies as st

from aecodec.errors import FormatError
from aecodec.format.container import Header, MetadataKind, Mode
from aecodec.format.origin import Origin
from aecodec.native.headers import read_header


@given(origins)
def test_origins_come_back(origin: Origin) -> None:
    assert origin.can_be_kept
    assert Origin.unpack(origin.pack()) == origin


@given(
    st.binary(max_size=30) | st.from_regex(rb"\.[0-9a-zA-Z]{1,18} -?[0-9]{1,14}", fullmatch=True)
)
def test_any_content_is_an_origin_or_refused(content: bytes) -> None:
    with suppress(FormatError):
        assert Origin.unpack(content).pack() == content


@pytest.mark.parametrize(
    "origin", [Origin("jpg", 0), Origin(".", 0), Origin(".a b", 0), Origin(".\xe9", 0)]
)
def test_origins_that_no_file_stores_are_not_written(origin: Origin) -> None:
    assert not origin.can_be_kept
    with pytest.raises(FormatError, match="an extension is a dot and"):
        pack(Header(b"abcd", origin=origin), b"")


def test_entries_take_few_bytes_in_the_order_of_their_kinds() -> None:
    metadata = {MetadataKind.NAMES: b"a/b", MetadataKind.XMP: b"<x/>"}
    header = Header(
        b"abcd", frames=2, metadata=metadata, origin=Origin(".jpg", 1714564800), as_rgb=True
    )
    data = pack(header, b"")
    assert b"\x03\x04<x/>\x05\x0f.jpg 1714564800\x06\x03a/b\x07\x00" in data
    assert read_header(data) == header


@pytest.mark.parametrize(
    "header",
    [
        Header(b"abcd", metadata={MetadataKind.TIFF: b""}),
        Header(b"abcd", metadata={MetadataKind.NAMES: b"a/b"}),
        Header(b"abcd", Mode.RGB, as_rgb=True),
    ],
)
def test_entries_that_do_not_suit_the_picture_are_refused(header: Header) -> None:
    with pytest.raises(FormatError, match="an entry of the metadata"):
        read_header(pack(header, b""))
