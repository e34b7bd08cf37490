"""Arrays of Zarr 3 whose chunks are .aec files."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.codecs.band_codecs import band_codec
from helpers.codecs.golden import ZARR, golden_codecs, little_endian, sha256
from helpers.codecs.made_up_codecs import change_spec
from hypothesis import given
from hypothesis import strategies as st

import aecodec
from aecodec import CodecError, FormatError, ImageError, UsageError, load_codec
from aecodec.base.arrays import Pixels
from aecodec.codec import chunks, registry
from aecodec.codec_files.folder import CodecFolder
from aecodec.format.arrays import SampleType

zarr = pytest.importorskip("zarr", reason="Zarr 3 needs Python 3.11")
from aecodec.zarr import Aecodec  # noqa: E402 - which imports zarr

SERIALIZER = {"name": "aecodec", "configuration": {"codec": "digits", "level": 1}}


def array_of(
    store: Path | dict[str, Any],
    pixels: np.ndarray,
    chunks: tuple[int, ...],
    serializer: object = SERIALIZER,
    **options: Any,
) -> Any:
    coding = {"serializer": serializer, "compressors": None}
    return zarr.create_array(store, data=pixels, chunks=chunks, **coding, **options)


def configuration_of(path: Path) -> Any:
    [stated] = json.loads((path / "zarr.json").read_text("utf-8"))["codecs"]
    assert stated["name"] == "aecodec"
    return stated["configuration"]


@pytest.fixture
def store(tmp_path: Path, digits: Pixels) -> Path:
    path = tmp_path / "digits.zarr"
    array_of(path, digits[:100], (40, 28, 28))
    return path


def test_chunks_are_aec_files_also_in_shards(store: Path, digits: Pixels) -> None:
    chunk = store / "c" / "1" / "0" / "0"
    assert chunk.read_bytes() == aecodec.compress(digits[40:80], "digits", level=1)
    assert np.array_equal(zarr.open_array(store)[40:80], aecodec.decompress_frames(chunk))
    sharded = array_of({}, digits[:60], (10, 28, 28), shards=(40, 28, 28))
    assert np.array_equal(sharded[...], array_of({}, digits[:60], (10, 28, 28))[...])


def test_the_metadata_state_name_id_and_level(store: Path, tmp_path: Path) -> None:
    assert configuration_of(store) == {"codec": "digits", "codec_id": "f206e96f", "level": 1}
    ones = np.ones((3, 28, 28), np.uint8)
    by_default = array_of(tmp_path / "b.zarr", ones, (3, 28, 28), Aecodec("photo"))
    expected = {"codec": "photo", "codec_id": "2a2fd16f", "level": 4}
    assert configuration_of(tmp_path / "b.zarr") == expected
    assert by_default.serializer == Aecodec("photo", 4)
    assert pickle.loads(pickle.dumps(by_default)).serializer == Aecodec("photo", 4)


@pytest.mark.parametrize(
    ("shape", "chunk", "dtype", "bands", "words"),
    [
        ((9, 28, 28), (5, 28, 28), "uint16", None, "dtype uint16: .*codec 'samples'"),
        ((100,), (10,), "uint8", None, r"shape \(10,\).*a chunk must be uint8, with .* \(H, W\)"),
        ((9, 28, 28, 3), (9, 28, 28, 1), "uint8", None, "each chunk must contain all channels"),
        ((1 << 16, 1 << 16), (1 << 16, 1 << 16), "uint8", None, "at most 1073741824"),
        ((7, 9, 4), (7, 9, 4), "int16", 3, r"\(3, H, W\), \(N, H, W, 3\) or \(N, 3, H, W\)"),
        ((6, 7, 9), (3, 7, 9), "int16", 3, "the codec has 3 bands, so select"),
        ((3, 7, 9), (3, 7, 9), "float64", 3, "codecs with bands accept .* not float64"),
        ((3, 7, 9), (3, 7, 9), "int64", 3, "not int64: .* --max-error"),
    ],
)
def test_chunks_that_are_no_pictures_are_rejected(
    shape: chunks.Shape, chunk: chunks.Shape, dtype: str, bands: int | None, words: str
) -> None:
    with pytest.raises(ImageError, match=words):
        chunks.check_chunks(shape, chunk, dtype, bands)


def test_an_array_of_no_pictures_is_not_created() -> None:
    for options in ({}, {"shards": (9, 28, 28)}):
        with pytest.raises(ImageError, match="dtype uint16"):
            array_of({}, np.zeros((9, 28, 28), np.uint16), (3, 28, 28), **options)


NAMED = {"codec": "digits", "codec_id": "f206e96f"}


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"codec": "digits", "level": 4}, "level 4: codec digits has levels 1"),
        ({"level": 2}, "codec samples has no levels"),
        ({"nodata": "x"}, "not a valid configuration.*nodata"),
        ({**NAMED, "level": "1"}, "at least 1"),
        ({**NAMED, "level": 16, "quality": 1}, "at least 1"),
        ({**NAMED, "level": 1, "codec": "\x1b[2J"}, r"x1b\[2J"),
        ({**NAMED, "level": 1, "bands": 33}, r"bands \(1 to 32\)"),
        (NAMED, "needs level"),
        ({**NAMED, "codec_id": "FC33CA7B", "level": 1}, "hexadecimal digits"),
        ({**NAMED, "codec_id": 12345678, "level": 1}, "hexadecimal digits"),
        ({"bands": 3}, "hexadecimal digits"),
        ({**NAMED, "max_error": {"1": "much"}}, "max_error"),
    ],
)
def test_wrong_configurations_are_rejected(values: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        Aecodec.from_dict({"name": "aecodec", "configuration": values})


def test_no_path_in_metadata_is_followed(
    copy: Path, digits: Pixels, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message of a codec that is missing does not open it either."""
    with pytest.raises(UsageError, match="nodata is 0: use a finite number and a codec with"):
        Aecodec("digits", nodata=0)
    with pytest.raises(UsageError, match="needs a configuration"):
        Aecodec.from_dict({"name": "aecodec", "configuration": None})
    with pytest.raises(CodecError, match="is not a built-in codec: add its codec_id"):
        Aecodec.from_dict({"name": "aecodec", "configuration": {"codec": str(copy)}})
    configuration = {"codec": str(copy), "codec_id": "12345678", "level": 1}
    codec = Aecodec.from_dict({"name": "aecodec", "configuration": configuration})
    opened, open_folder = list[Path](), CodecFolder.open
    monkeypatch.setattr(CodecFolder, "open", lambda path: opened.append(path) or open_folder(path))
    with pytest.raises(CodecError, match="not part of this version"):
        codec.chunk_codec.encode(digits[:1], 0)
    assert copy not in opened


def test_chunks_of_other_arrays_are_rejected(store: Path, digits: Pixels) -> None:
    chunk = store / "c" / "0" / "0" / "0"
    padded = np.pad(digits[:40], ((0, 0), (0, 1), (0, 0)))
    for content, error, words in (
        (aecodec.compress(digits[:40], "photo"), CodecError, "made with codec 2a2fd16f"),
        (aecodec.compress(digits[:39], "digits"), FormatError, "belongs to a different array"),
        (aecodec.compress(padded, "digits"), FormatError, "belongs to a different array"),
        (chunk.read_bytes()[:-3], FormatError, "checksum"),
    ):
        chunk.write_bytes(content)
        with pytest.raises(error, match=words):
            zarr.open_array(store)[0]
    codec = Aecodec().chunk_codec
    chunks.check_chunks((5, 7, 9), (5, 7, 9), "int16", 1)
    data = codec.encode(np.ones((3, 7, 9), np.int16), 0)
    for shape, dtype in [((7, 9, 3), "int16"), ((3, 7, 9), "uint16"), ((3, 7, 8), "int16")]:
        with pytest.raises(FormatError, match="belongs to a different array"):
            codec.decode_to(data, shape, dtype)


def test_an_own_codec_is_found_when_it_was_opened(
    copy: Path, tmp_path: Path, digits: Pixels, monkeypatch: pytest.MonkeyPatch
) -> None:
    change_spec(copy, default_level=1, name="mine")
    monkeypatch.setattr(registry, "_known", {})
    path = tmp_path / "a.zarr"
    total = array_of(path, digits[:10], (10, 28, 28), Aecodec(copy))[7].sum()
    monkeypatch.setattr(registry, "_known", {})  # as in another process
    with pytest.raises(CodecError, match=r"codec mine \(.* with Zarr, to aecodec\.zarr\.Aecodec"):
        zarr.open_array(path)[7]
    Aecodec(copy)
    assert zarr.open_array(path)[7].sum() == total


def test_arrays_need_no_codec(tmp_path: Path) -> None:
    array = np.random.default_rng(0).normal(50, 40, (5, 3, 20, 30))
    array[2, :, 4:] = np.nan
    codec = {"name": "aecodec", "configuration": {"max_error": 0.01}}
    for parts in ((2, 3, 8, 30), (1, 1, 20, 30), (5, 3, 20, 1)):
        stored = array_of({}, array, parts, codec, fill_value=np.nan)
        assert repr(stored.serializer) == (
            "Aecodec(codec='samples', codec_id='53414d50', max_error=0.01)"
        )
        assert np.nanmax(np.abs(stored[...] - array)) <= 0.01
        assert np.array_equal(np.isnan(stored[...]), np.isnan(array))
    exact = array_of(tmp_path / "a.zarr", array[0, 0].astype("i8"), (20, 30), Aecodec())
    assert np.array_equal(exact[...], array[0, 0].astype("i8"))
    assert np.array_equal(zarr.open_array(tmp_path / "a.zarr")[...], exact[...])
    assert configuration_of(tmp_path / "a.zarr")["max_error"] == 0
    ones = np.ones((1500, 2000), np.uint8)  # few bytes for many pixels
    assert np.array_equal(array_of({}, ones, ones.shape, Aecodec())[...], ones)


@pytest.fixture(scope="module")
def two_bands(tmp_path_factory: pytest.TempPathFactory) -> Aecodec:
    """A codec with two bands, whose samples of 8 bits are exact."""
    folder = band_codec(tmp_path_factory.mktemp("codec"), [(0, 255), (0, 255)], phases=1)
    return Aecodec(load_codec(folder.path), nodata=7)


@given(
    shape=st.lists(st.integers(1, 9), min_size=1, max_size=5),
    place=st.sampled_from([None, 0, -1, -3]),
    dtype=st.sampled_from([*(kind.dtype for kind in SampleType), ">i2"]),
    seed=st.integers(0, 99),
)
def test_samples_of_any_shape_and_type_come_back(
    two_bands: Aecodec, shape: list[int], place: int | None, dtype: str, seed: int
) -> None:
    codec = Aecodec()
    if place is not None and dtype in ("uint8", ">i2", "float32"):
        codec, shape = two_bands, [*shape, 1, 1, 1][: 4 if place else 3]
        shape[place] = 2
    array = np.random.default_rng(seed).integers(0, 100, shape).astype(dtype)
    restored = array_of({}, array, array.shape, codec)[...]
    assert np.array_equal(restored, array)
    assert restored.dtype == array.dtype


@pytest.mark.parametrize("line", (ZARR / "arrays.sha256").read_text().splitlines())
def test_golden_arrays_hold_their_elements(line: str) -> None:
    for golden_codec in golden_codecs().values():
        registry.remember(golden_codec)
    digest, name = line.split()
    assert sha256(little_endian(zarr.open_array(ZARR / name, mode="r")[...])) == digest
