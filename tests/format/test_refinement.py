"""Files of version 2 are read as they were written, and every damage is found."""

from __future__ import annotations

import zlib

import pytest
from helpers.strategies import headers
from hypothesis import given, settings
from hypothesis import strategies as st

from aecodec.errors import FormatError
from aecodec.format import container
from aecodec.format.binary import join_messages, split_messages
from aecodec.format.container import Header
from aecodec.format.refinement import (
    MAX_REFINEMENTS,
    MOST_BOUND,
    MOST_ROOT,
    ROOT_UNITS,
    Bound,
    Refinement,
)

numbers = st.integers(0, MOST_BOUND).map(Bound)
roots = st.integers(0, MOST_ROOT).map(lambda factor: Bound(factor / ROOT_UNITS, is_root=True))
floats = st.floats(0, 1e300).flatmap(
    lambda error: st.floats(0, 2 * error).map(lambda unit: Bound(error, unit))
)


@st.composite
def refinements(draw: st.DrawFn) -> tuple[Refinement, ...]:
    """1 to 3 refinements; only the first may have no base."""
    bounds = draw(st.sampled_from([numbers, floats, roots]))
    parts = draw(
        st.lists(
            st.builds(
                Refinement,
                networks=st.binary(min_size=4, max_size=4),
                bounds=st.lists(bounds, min_size=1, max_size=4),
                is_float=st.just(bounds is floats),
                base_checksum=st.integers(0, (1 << 32) - 1),
                messages=st.binary(max_size=20).map(lambda message: [message]),
            ),
            min_size=1,
            max_size=3,
        )
    )
    if draw(st.booleans()):
        parts[0] = parts[0]._replace(base_checksum=None)
    return tuple(parts)


@given(headers, st.binary(max_size=99), refinements())
def test_files_are_read_as_they_were_written(
    header: Header, payload: bytes, parts: tuple[Refinement, ...]
) -> None:
    refined = header._replace(refinements=parts)
    payload = payload if refined.has_base else b""
    data, base = container.pack(refined, payload), container.pack(header, payload)
    assert container.unpack(data) == (refined, payload)
    assert container.base_of(data) == base
    assert container.frames_stated(data[: container.BEGINNING]) == header.frames
    beginning = data[: container.BEGINNING]
    assert container.has_samples(beginning) == (header.samples is not None)
    if refined.has_base:
        assert container.trimmed(data) == base
    assert container.trimmed(data, parts[0].largest_bound) == container.pack(
        header._replace(refinements=parts[:1]), payload
    )


@given(refinements())
@settings(max_examples=8)
def test_every_changed_byte_and_every_truncation_is_found(parts: tuple[Refinement, ...]) -> None:
    header = Header(b"abcd", refinements=parts)
    data = container.pack(header, b"payload" if header.has_base else b"")
    for place in range(len(data)):
        for change in (1, 0x80, 0xFF):
            damaged = bytearray(data)
            damaged[place] ^= change
            with pytest.raises(FormatError):
                container.unpack(bytes(damaged))
        with pytest.raises(FormatError):
            container.unpack(data[:place])
    with pytest.raises(FormatError, match="bytes follow"):
        container.unpack(data + b"\0")


PART = Refinement(b"abcd", [Bound(4)], False, 5, [b"message"])


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ([PART] * (MAX_REFINEMENTS + 1), "at most 16 refinements"),
        ([PART, PART._replace(base_checksum=None)], "ignores the one before it"),
        ([PART._replace(bounds=[Bound(4)] * 33)], "bounds, not 1 to 32"),
        ([PART._replace(bounds=[])], "bounds, not 1 to 32"),
        ([PART._replace(bounds=[Bound(MOST_BOUND + 1)])], "out of range"),
        ([PART._replace(bounds=[Bound((MOST_ROOT + 1) / ROOT_UNITS, is_root=True)])], "range"),
        ([PART._replace(bounds=[Bound(1.0, 3.0)], is_float=True)], "out of range"),
        ([PART._replace(bounds=[Bound(float("nan"))], is_float=True)], "out of range"),
    ],
)
def test_impossible_refinements_are_rejected(parts: list[Refinement], message: str) -> None:
    with pytest.raises(FormatError, match=message):
        container.unpack(container.pack(Header(b"abcd", refinements=tuple(parts)), b""))


@pytest.mark.parametrize("flags", [0b1_0000, 0b0_1100])
def test_unknown_flags_are_rejected(flags: int) -> None:
    data = container.pack(Header(b"abcd", refinements=(PART,)), b"")
    place = data.rindex(b"abcd") - 1
    body = data[:place] + bytes([data[place] | flags]) + data[place + 1 : -4]
    with pytest.raises(FormatError, match="unknown flags"):
        container.unpack(body + zlib.crc32(body).to_bytes(4, "little"))


@given(st.lists(st.binary(max_size=9), min_size=1, max_size=5))
def test_messages_are_joined_and_split(messages: list[bytes]) -> None:
    assert split_messages(join_messages(messages), len(messages)) == messages
