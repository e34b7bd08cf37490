"""Entries of the metadata come back, and those that break a rule are refused."""

from contextlib import suppress

import pytest
from helpers.writer import pack, with_checksum
from hypothesis import given
from hypothesis import strategies as st

from aecodec.errors import FormatError
from aecodec.format.container import Header, MetadataKind
from aecodec.format.origin import Origin
from aecodec.native.headers import read_header


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
    with pytest.raises(FormatError, match="an extension is a dot and"):
        pack(Header(b"abcd", origin=origin), b"")
