"""Files as sequences: a frame is the same as in the decompressed file, and no other is decoded."""

from __future__ import annotations

import os
import pickle
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from helpers.writer import with_checksum

import aecodec
from aecodec import CodecError, FormatError, LimitError, UsageError
from aecodec.base.arrays import Pixels
from aecodec.base.errors import InputError
from aecodec.native.headers import read_info


@pytest.fixture
def stack(tmp_path: Path, digits: Pixels) -> Path:
    path = tmp_path / "digits.aec"
    path.write_bytes(aecodec.compress(digits[:300], level=1))
    return path


@pytest.fixture
def photographs(tmp_path: Path, photograph: Pixels) -> Path:
    """A file of 40 pictures of 96x80 pixels in RGBA, in several messages."""
    crops = np.stack([photograph[7 * n :, 12 * n :][:80, :96] for n in range(40)])
    alpha = np.arange(40 * 80 * 96).reshape(40, 80, 96, 1) % 251
    path = tmp_path / "photographs.aec"
    path.write_bytes(aecodec.compress(np.concatenate([crops, alpha], -1).astype(np.uint8), level=2))
    return path


@pytest.mark.parametrize("name", ["stack", "photographs"])
def test_a_file_is_indexed_as_its_array(name: str, request: pytest.FixtureRequest) -> None:
    path = request.getfixturevalue(name)
    whole, frames = aecodec.decompress_frames(path), aecodec.frames(path)
    assert len(frames) == len(whole)
    assert np.array_equal(np.asarray(frames), whole)
    slices = slice(10, 20), slice(None, None, -7), slice(35, 900), slice(5, 5)
    for index in (0, -1, -len(whole), np.int64(5), *slices, [5, -1, 5], np.array([25, 3])):
        assert np.array_equal(frames[index], whole[index])
    assert frames[[]].shape == (0, *whole.shape[1:])


def test_only_the_segments_of_a_frame_are_decoded(tmp_path: Path, photograph: Pixels) -> None:
    """17 pictures of 32x32 vectors: 16 of them are one segment, which is damaged here."""
    crop = np.pad(photograph[:420, :500, 1], ((0, 92), (0, 12)), mode="reflect")
    data = aecodec.compress(np.stack([crop] * 17), level=1)
    start = read_info(data).payload.at
    start += next(n for n, byte in enumerate(data[start:], 1) if byte < 0x80)  # its length
    path, damaged = tmp_path / "many.aec", data[:start] + bytes(20) + data[start + 20 : -4]
    path.write_bytes(with_checksum(damaged))
    frames = aecodec.frames(path)
    assert np.array_equal(frames[16], aecodec.decompress_frames(data)[16])
    with pytest.raises(FormatError, match=r"many\.aec: damaged"):
        frames[15]
    assert frames[-1].shape == (512, 512)


def test_wrong_indices_are_refused(stack: Path) -> None:
    frames = aecodec.frames(stack)
    for index in (300, -301, [0, 300]):
        with pytest.raises(IndexError, match="a number from 0 to 299"):
            frames[index]
    for index in ([1.5], [[1]], np.zeros(300, bool), 1.5, "a"):
        with pytest.raises(UsageError, match="list of integers"):
            frames[index]


def test_what_is_not_there_is_refused_at_once(tmp_path: Path) -> None:
    (tmp_path / "a.aec").write_bytes(b"GIF89a, or so it says")
    for path in (os.devnull, tmp_path):
        with pytest.raises(InputError, match="not a regular file"):
            aecodec.frames(path)
    with pytest.raises(InputError, match=r"absent\.aec: the file cannot be read"):
        aecodec.frames(tmp_path / "absent.aec")
    with pytest.raises(FormatError, match=r"a\.aec: not an \.aec file"):
        aecodec.frames(tmp_path / "a.aec")


def test_limits_and_codecs_are_those_of_decompress(stack: Path, copy: Path) -> None:
    with pytest.raises(LimitError, match=r"digits\.aec: 300 pictures"):
        aecodec.frames(stack, max_frames=299)
    with pytest.raises(UsageError, match="max_pixels is 0"):
        aecodec.frames(stack, max_pixels=0)
    with pytest.raises(CodecError, match=r"digits\.aec: the file was made with codec"):
        aecodec.frames(stack, "photo")
    assert np.array_equal(aecodec.frames(stack, copy)[0], aecodec.frames(stack)[0])


def test_a_sequence_pickles_without_opened_files(stack: Path) -> None:
    frames = aecodec.frames(stack, "digits")
    expected, data = frames[7], pickle.dumps(frames)
    assert len(data) < 2000
    assert np.array_equal(pickle.loads(data).__getitems__([7])[0], expected)
    assert repr(frames).endswith("digits.aec': 300>")


def test_threads_may_share_a_sequence(stack: Path) -> None:
    frames, whole = aecodec.frames(stack), aecodec.decompress_frames(stack)
    with ThreadPoolExecutor(4) as pool:
        for frame, picture in zip(pool.map(frames.__getitem__, range(300)), whole, strict=True):
            assert np.array_equal(frame, picture)
