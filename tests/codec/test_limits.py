"""What a file claims is checked against what a caller accepts, before anything is allocated."""

import tracemalloc
from functools import partial

import numpy as np
import pytest
from helpers.writer import pack
from hypothesis import given
from hypothesis import strategies as st

import aecodec
from aecodec import AecodecError, Codec, ImageError, LimitError, UsageError
from aecodec.format.container import Header, MetadataKind, Mode
from aecodec.format.limits import UNLIMITED, Limits
from aecodec.native import structures
from aecodec.native.library import LIBRARY
from aecodec.native.limits import check_limits, claim_of

NO_ID = b""
BOMBS = {
    "huge": Header(NO_ID, Mode.RGB, size=(16384, 16384)),
    "reduced and long": Header(NO_ID, Mode.RGB, size=(1 << 20, 64), reduction=64),
    "many of one pixel": Header(NO_ID, Mode.RGB, size=(1, 1), frames=16384),
    "metadata for each": Header(
        NO_ID, size=(1, 1), frames=900, metadata={MetadataKind.EXIF: b"Exif\0\0" + bytes(1 << 18)}
    ),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_by_its_header_alone(photo: Codec, name: str) -> None:
    data = pack(BOMBS[name]._replace(codec_id=photo.spec.codec_id, level=16), b"")
    with pytest.raises(LimitError, match=r"max_(pixels|frames)=\d+ \(--max-(pixels|frames)\)"):
        aecodec.decompress_frames(data)


def test_everything_that_decodes_has_limits(codec: Codec, digits: np.ndarray) -> None:
    data, decoder = codec.compress(digits[:3]), codec.decoder
    for decode in (
        partial(aecodec.decompress_frames, data),
        partial(aecodec.decompress_array, data),
        partial(codec.decompress_frames, data),
        lambda **limits: decoder.decompress_picture(data, Limits(**limits)),
        lambda **limits: decoder.codes(data, Limits(**limits)),
        lambda **limits: decoder.check(data, Limits(**limits)),
    ):
        decode(max_pixels=3 * 784, max_frames=3)
        with pytest.raises(LimitError, match=r"3 x 28x28 pixels.*max_pixels=2352 "):
            decode(max_pixels=3 * 784 - 1)
        with pytest.raises(LimitError, match="max_frames=3 "):
            decode(max_frames=2)
    with pytest.raises(LimitError):
        aecodec.decompress(codec.compress(digits[0]), max_pixels=783)


def test_a_black_page_is_not_a_bomb(photo: Codec) -> None:
    page = np.zeros((1536, 2048, 3), np.uint8)
    assert photo.decompress(photo.compress(page, level=1)).size == (2048, 1536)


@given(
    st.tuples(st.integers(1, 1 << 20), st.integers(1, 1 << 20)),
    st.integers(1, 1 << 24),
    st.integers(2, 64),
    st.integers(0, 1 << 14),
    st.integers(0, 1 << 14),
)
def test_work_is_bounded_by_the_size_of_a_file(
    photo: Codec, size: tuple[int, int], frames: int, reduction: int, metadata: int, payload: int
) -> None:
    entries = {MetadataKind.EXIF: bytes(metadata)} if metadata else {}
    header = Header(NO_ID, Mode.RGB, size, None, frames, reduction, metadata=entries)
    data = pack(header._replace(codec_id=photo.spec.codec_id), bytes(payload))
    try:
        claim = claim_of(photo.folder.native, data)
        check_limits(photo.folder.native, data, Limits())
    except AecodecError:
        return
    assert claim.work <= max(1 << 21, 32768 * len(data))
    assert claim.frames <= max(1000, len(data) / 8)
    assert size[0] * size[1] * frames <= 178_956_970


def test_limits_are_numbers_of_one_at_least(photo: Codec) -> None:
    with pytest.raises(UsageError, match="max_frames is 0"):
        Limits(max_frames=0)
    header = Header(photo.spec.codec_id, size=(1 << 15, 1 << 15))
    check_limits(photo.folder.native, pack(header, b""), UNLIMITED)


def test_memory_that_runs_out_is_an_error_of_the_tree(
    codec: Codec, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = codec.compress(np.zeros((28, 28), np.uint8))
    monkeypatch.setattr(LIBRARY, "aecodec_decompress", lambda *_: structures.NO_MEMORY)
    with pytest.raises(AecodecError, match="not enough memory"):
        codec.decompress(data)


@pytest.mark.parametrize("shape", [(4, 1 << 15, 1 << 15), (4, 1 << 15, 1 << 15, 3), (1 << 21, 4)])
def test_an_array_is_not_copied_before_its_size_is_checked(shape: tuple[int, ...]) -> None:
    tracemalloc.start()
    with pytest.raises(ImageError, match="pixels"):
        aecodec.compress(np.broadcast_to(np.uint8(0), shape))
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 1 << 24
