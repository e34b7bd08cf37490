"""Kept tags of TIFF files: written, read, and damaged."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aecodec import FormatError
from aecodec.format.kept_tags import TYPE_SIZES, KeptTags, Tag

TAGS = st.builds(
    lambda code, kind, count, byte: Tag(code, kind, bytes([byte]) * count * TYPE_SIZES[kind]),
    st.integers(0, 65535),
    st.sampled_from(sorted(TYPE_SIZES)),
    st.integers(0, 5),
    st.integers(0, 255),
)


@given(st.lists(TAGS, max_size=6, unique_by=lambda tag: tag.code), st.sampled_from("<>"))
def test_tags_are_restored(tags: list[Tag], byte_order: str) -> None:
    kept = KeptTags(sorted(tags, key=lambda tag: tag.code), byte_order)
    data = kept.pack()
    assert KeptTags.unpack(data) == kept
    for end in range(0, len(data) - 1, 5):
        with pytest.raises(FormatError, match="damaged"):
            KeptTags.unpack(data[:end])


@given(st.sampled_from([b"II*\0", b"MM\0*", b""]), st.binary(max_size=60))
def test_any_bytes_are_read_or_rejected(beginning: bytes, rest: bytes) -> None:
    """Other errors do not leave the reader, and tags take no more memory than their bytes."""
    try:
        kept = KeptTags.unpack(beginning + rest)
    except FormatError:
        return
    assert sum(len(tag.value) for tag in kept.tags) <= len(rest) + 4
