"""Bare payloads are files without signature, codec id and CRC-32, and any bytes are safe."""

from __future__ import annotations

from contextlib import suppress

import numpy as np
import pytest
from helpers.strategies import headers
from helpers.writer import pack
from hypothesis import given, settings
from hypothesis import strategies as st

from aecodec import AecodecError, Codec, CodecError, FormatError, UsageError, load_codec
from aecodec.base.arrays import Pixels
from aecodec.format.container import Header


@given(headers, st.binary(max_size=300), st.booleans())
def test_a_bare_payload_is_a_file_without_11_bytes(
    codec: Codec, header: Header, content: bytes, checksum: bool
) -> None:
    file = pack(header._replace(codec_id=codec.spec.codec_id), content)
    payload = codec.to_bare(file, checksum=checksum)
    assert len(payload) == len(file) - 11 + checksum
    assert payload[: len(payload) - checksum] == file[7:-4]
    assert codec.from_bare(payload, checksum=checksum) == file


@given(headers, st.binary(max_size=30), st.data())
def test_the_checksum_detects_any_changed_byte_and_another_codec(
    codec: Codec, photo: Codec, header: Header, content: bytes, data: st.DataObject
) -> None:
    file = pack(header._replace(codec_id=codec.spec.codec_id), content)
    payload = bytearray(codec.to_bare(file, checksum=True))
    with pytest.raises(FormatError, match="checksum"):
        photo.from_bare(bytes(payload), checksum=True)
    place = data.draw(st.integers(0, len(payload) - 1))
    payload[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises(FormatError, match="checksum"):
        codec.from_bare(bytes(payload), checksum=True)


def test_files_with_refinements_and_of_other_codecs_have_no_bare_payload(
    codec: Codec, photo: Codec, samples: Pixels
) -> None:
    with pytest.raises(UsageError, match="refinements"):
        codec.to_bare(codec.compress(samples[3], max_error=0))
    with pytest.raises(CodecError, match="made with codec f206e96f"):
        photo.to_bare(codec.compress(samples[3]))
    with pytest.raises(FormatError, match=r"not an \.aec file"):
        codec.to_bare(b"payload")


_HEADS = st.sampled_from([b"", b"\0", b"\x01", b"\x08\x20", b"\x05\x20\x18", b"\x0d\x20\x18\x18"])


@settings(max_examples=300)
@given(st.sampled_from(["digits", "photo"]), _HEADS, st.binary(max_size=300), st.booleans())
def test_any_bytes_give_a_picture_or_an_error(
    name: str, head: bytes, rest: bytes, checksum: bool
) -> None:
    codec = load_codec(name)
    with suppress(AecodecError):
        file = codec.from_bare((head + rest)[:300], checksum=checksum)
        assert codec.decompress_frames(file).dtype == np.uint8
