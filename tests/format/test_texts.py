"""Texts are read back to the same bytes, and other texts are rejected."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aecodec.errors import FormatError
from aecodec.format.texts import from_text, to_text


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
