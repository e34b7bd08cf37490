"""What a file says beside the fields of version 1 comes back, and older readers pass over it."""

import pytest
from helpers.strategies import origins
from hypothesis import given
from hypothesis import strategies as st

from aecodec.errors import FormatError
from aecodec.format import container
from aecodec.format.container import Header, MetadataKind
from aecodec.format.instruction import Origin, attach, detach

packets = st.binary(max_size=60) | st.sampled_from(
    [b"<?aec?>", b"<x/><?aec .jpg 5?>", b"<?aec RGB?><?aec?>", b"<?aec .png 01?>"]
)


@given(packets, st.none() | origins, st.booleans())
def test_packet_and_instruction_come_back(
    packet: bytes, origin: Origin | None, as_rgb: bool
) -> None:
    assert detach(attach(packet, origin, as_rgb)) == (packet, origin, as_rgb)


def test_it_takes_a_few_bytes_behind_the_xmp_in_an_entry_that_every_reader_knows() -> None:
    header = Header(b"abcd", metadata={MetadataKind.XMP: b"<x/>"})
    plain = container.pack(header, b"")
    origin = Origin(".jpg", 1714564800)
    said = container.pack(Header(b"abcd", metadata=header.metadata, origin=origin), b"")
    assert said[:8] == plain[:8]  # the same version and flags
    assert b"\x03\x1b<x/><?aec .jpg 1714564800?>" in said
    assert container.unpack(said)[0].metadata == header.metadata


@pytest.mark.parametrize("origin", [Origin("jpg", 0), Origin(".", 0), Origin(".a b", 0)])
def test_endings_that_would_break_it_are_not_written(origin: Origin) -> None:
    assert not origin.can_be_kept
    with pytest.raises(FormatError, match="an extension is a dot and"):
        container.pack(Header(b"abcd", origin=origin), b"")
