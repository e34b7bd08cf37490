"""Texts are read back to the same bytes, and other texts are rejected."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aecodec.errors import FormatError
from aecodec.format.texts import TextForm

FORMS = st.sampled_from(TextForm)


@given(FORMS, st.binary(max_size=300))
def test_bytes_survive_a_text_of_printable_ascii(form: TextForm, data: bytes) -> None:
    text = form.encode(data)
    assert form.decode(text) == data
    assert text.isascii()
    assert text.isprintable()
    assert not set(text) & set(" '-\\" if form is TextForm.BASE91 else " +/=")


@given(FORMS, st.text(max_size=40) | st.text(st.characters(max_codepoint=127), max_size=20))
def test_a_text_has_one_meaning_or_none(form: TextForm, text: str) -> None:
    data = None
    with suppress(FormatError):
        data = form.decode(text)
    assert data is None or form.encode(data) == text


@pytest.mark.parametrize(
    ("data", "text"),
    [(b"", ""), (b"test", "fPNKd"), (b"\0" * 4, "AAAAA"), (b"Hello World!", ">OwJh>Io0Tv!8PE")],
)
def test_base91_is_that_of_its_author(data: bytes, text: str) -> None:
    assert TextForm.BASE91.encode(data) == text


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ("base64url", "YWI="),  # padding
        ("base64url", "Y"),  # half a byte
        ("base64url", "YX"),  # bits after the last byte
        ("base64url", "YW+j"),  # the alphabet of base64
        ("base91", "fPNK-d"),
        ("base91", '""'),  # 8280, which no 14 bits give
        ("base91", "fPNKd\n"),
    ],
)
def test_other_texts_are_rejected(form: str, text: str) -> None:
    with pytest.raises(FormatError, match=form):
        TextForm(form).decode(text)
