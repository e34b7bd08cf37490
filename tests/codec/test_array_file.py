"""Files as arrays: an index gives the same as in the whole array, and reads what it needs."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import fsspec
import numpy as np
import numpy.typing as npt
import pytest
from fsspec.implementations.memory import MemoryFileSystem
from helpers.codecs.golden import REFINED, codec_of, golden_codecs, id_in, refused
from helpers.real_data import load_photograph
from helpers.static_host import static_host
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

import aecodec
from aecodec import AecodecError, FormatError, InputError
from aecodec.base.arrays import Pixels
from aecodec.base.urls import read_object
from aecodec.codec import ranges
from aecodec.codec.array_file import ArrayFile

_BANDS = np.moveaxis(load_photograph()[:300, :530], -1, 0)


@cache
def files() -> dict[str, bytes]:
    wide, rgb = _BANDS.astype(">i2") * 7 - 900, np.moveaxis(_BANDS, 0, -1)
    holes = np.ma.MaskedArray(wide, wide > 800)
    floats = np.where(wide > 700, np.nan, wide.astype(np.float32) / 3)
    frames = np.stack([rgb[n:, 5 * n :][:40, :50] for n in range(60)])
    return {
        "bands": aecodec.compress(wide, max_error=3),
        "mask": aecodec.compress(holes, max_error=3),
        "nodata": aecodec.compress(wide[0], max_error=2, nodata=-900),
        "floats": aecodec.compress(np.moveaxis(floats, 0, -1), max_error=0.1),
        "picture": aecodec.compress(rgb, max_error=4),
        "grey as RGB": aecodec.compress(np.repeat(rgb[..., :1], 3, axis=-1), max_error=0),
        "alpha": aecodec.compress(
            np.dstack([rgb[:280], np.full((280, 530), 255, "u1")]), max_error=9
        ),
        "frames": aecodec.compress(frames, max_error=5),
        "nested": aecodec.compress(rgb[:60, :70], max_error=[9, 2]),
        "base": aecodec.compress(rgb[:60, :70], level=2, max_error=9),
        "lossy": aecodec.compress(rgb[:60, :70]),
    }


@given(data=st.data(), kind=st.sampled_from(list(files())))
def test_indices_are_those_of_numpy(data: st.DataObject, kind: str) -> None:
    whole, array = decompressed(kind), opened(kind)
    assert (array.shape, array.dtype, array.ndim) == (whole.shape, whole.dtype, whole.ndim)
    index = data.draw(npst.basic_indices(whole.shape, allow_newaxis=True))
    expected, part = whole[index], array[index]
    assert (type(part), part.shape, part.dtype) == (type(expected), expected.shape, expected.dtype)
    assert np.array_equal(np.ma.getmaskarray(part), np.ma.getmaskarray(expected))
    equal_nan = whole.dtype.kind == "f"
    assert np.array_equal(np.ma.filled(part, 0), np.ma.filled(expected, 0), equal_nan=equal_nan)


@cache
def decompressed(kind: str) -> npt.NDArray[Any]:
    return aecodec.decompress_array(files()[kind])


@cache
def opened(kind: str) -> ArrayFile:
    return aecodec.open(files()[kind])


@pytest.mark.parametrize("kind", files())
def test_a_file_converts_to_its_whole_array(kind: str, tmp_path: Path) -> None:
    (tmp_path / "a.aec").write_bytes(files()[kind])
    whole = decompressed(kind)
    with aecodec.open(tmp_path / "a.aec") as array, pickle.loads(pickle.dumps(array)) as copy:
        assert np.array_equal(array[...].data, whole.data, equal_nan=whole.dtype.kind == "f")
        assert (len(array), array.axes) == (len(whole), copy.axes)
        assert np.array_equal(
            np.asarray(copy[:2], np.float32), np.asarray(array)[:2], equal_nan=True
        )


def test_a_closed_file_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "a.aec").write_bytes(files()["bands"])
    with aecodec.open(tmp_path / "a.aec") as array:
        kept = array[:, 2:9, 3]
    assert np.array_equal(array[:, 2:9, 3], kept)
    with pytest.raises(ValueError, match="closed file"):
        _ = array[..., -1]
    with pytest.raises(InputError, match="cannot be read"):
        aecodec.open(tmp_path / "none.aec")


def test_indices_that_are_not_basic_or_out_of_range_are_rejected() -> None:
    for index in (3, (0, 0, 0, 0), (..., ...), -4, (0, 300), (0, 0, 0, 0, ...)):
        with pytest.raises(IndexError):
            _ = opened("bands")[index]
    with pytest.raises(TypeError):
        _ = opened("bands")[[0, 1]]
    assert opened("bands").band_names is None
    assert repr(opened("bands")) == "<ArrayFile BHW (3, 300, 530) int16>"


@pytest.fixture(scope="module")
def scene(photograph: Pixels) -> tuple[npt.NDArray[np.int16], bytes]:
    """A band of 10 x 11 segments, and its file."""
    band = np.tile(photograph[..., 0].astype(np.int16), (6, 5))[:2560, :2816] * 16
    return band, aecodec.compress(band, max_error=20)


def test_a_window_reads_at_most_2_percent(
    scene: tuple[npt.NDArray[np.int16], bytes], memory_url: str, reads: list[range]
) -> None:
    band, data = scene
    fsspec.filesystem("memory").pipe("/scene.aec", data)
    array = aecodec.open(memory_url)
    window = array[512:768, 256:512]
    assert np.abs(window.astype(int) - band[512:768, 256:512]).max() == 20
    assert sum(map(len, reads)) < 0.02 * len(data) + (1 << 14)
    count = len(reads)
    assert np.array_equal(array[512:768, 256:512], window)
    assert len(reads) == count  # it was kept
    _ = array[512:700, 512:1500]
    assert len(reads) == count + 1  # segments that follow each other
    sparse = array[::-511, ::531].astype(int)
    assert np.abs(sparse - band[::-511, ::531]).max() <= 20


@pytest.fixture
def memory_url() -> str:
    fsspec.filesystem("memory").store.clear()
    return "memory://scene.aec"


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[range]:
    read_ranges, read = list[range](), MemoryFileSystem.cat_file

    def counted(system: MemoryFileSystem, path: str, start: int, end: int) -> bytes:
        read_ranges.append(range(start, end))
        return bytes(read(system, path, start, end))

    monkeypatch.setattr(MemoryFileSystem, "cat_file", counted)
    return read_ranges


def test_urls_are_read_by_ranges(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.aec").write_bytes(files()["bands"])
    whole = aecodec.decompress_array(files()["bands"])
    with static_host(tmp_path) as host:
        array = aecodec.open(f"{host.url}/a.aec")
        assert np.array_equal(array[1, 250:270, ::3], whole[1, 250:270, ::3])
        with pytest.raises(InputError, match=r"no\.aec cannot be read"):
            aecodec.open(f"{host.url}/no.aec")
        monkeypatch.setattr(ranges, "read_object", lambda url, *_: read_object(url))
        assert np.array_equal(aecodec.open(f"{host.url}/a.aec"), whole)


def test_damage_concerns_the_windows_that_it_touches() -> None:
    data = bytearray(files()["bands"])
    data[-9] ^= 1  # in the last segment
    array = aecodec.open(bytes(data))
    assert np.array_equal(array[:, :256, :256], opened("bands")[:, :256, :256])
    with pytest.raises(FormatError, match="checksum"):
        _ = array[:, -1, -1]
    with pytest.raises(FormatError):
        aecodec.open(bytes(data[: len(data) // 2]))


@given(
    kind=st.sampled_from(["bands", "mask", "floats", "alpha", "frames", "nested"]),
    share=st.floats(0, 1) | st.floats(0, 1).map(lambda share: share**9),
    change=st.integers(1, 255),
    is_cut=st.booleans(),
)
def test_all_damage_is_found(kind: str, share: float, change: int, is_cut: bool) -> None:
    data = bytearray(files()[kind])
    place = min(int(share * len(data)), len(data) - 1)
    data[place] ^= change
    with pytest.raises(AecodecError):
        _ = aecodec.open(bytes(data[:place] if is_cut else data))[...]


@pytest.mark.parametrize("data", refused().values(), ids=refused())
def test_files_that_break_a_rule_are_rejected(data: bytes) -> None:
    with pytest.raises(AecodecError):
        _ = aecodec.open(data, codec=golden_codecs().get(id_in(data)))[...]


def test_a_head_may_exist_longer_than_its_codec() -> None:
    program = (
        "import sys; from aecodec.native.codec import NativeCodec;"
        "from aecodec.native.segment_access import FileHead;"
        "file, codec = (open(name, 'rb').read() for name in sys.argv[1:]);"
        "codec = NativeCodec(codec);"
        "head = FileHead.open(codec, lambda start, stop: file[start:stop], len(file));"
        "del codec, head"  # the head gives nothing back to the primer of the codec
    )
    file = REFINED / "digit_lossless.aec"
    codec = codec_of(file.read_bytes()).folder.file
    overwriting = os.environ | {"GLIBC_TUNABLES": "glibc.malloc.perturb=165"}  # freed memory
    subprocess.run([sys.executable, "-c", program, file, codec], env=overwriting, check=True)
