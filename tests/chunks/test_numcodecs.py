"""Chunks by way of numcodecs, alone and in arrays of Zarr 2."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.codecs.band_codecs import band_codec
from hypothesis import given, settings
from hypothesis import strategies as st

import aecodec
from aecodec import (
    AecodecWarning,
    FormatError,
    ImageError,
    LimitError,
    UsageError,
    load_codec,
)
from aecodec.arrays import Pixels
from aecodec.format.samples import SampleType

numcodecs = pytest.importorskip("numcodecs")
from aecodec.numcodecs import Aecodec  # noqa: E402 - which imports numcodecs

CONFIG = {"id": "aecodec", "codec": "digits", "codec_id": "f206e96f", "level": 1}


@pytest.fixture
def digits_codec() -> Any:
    """The codec `digits` at level 1, as numcodecs finds it."""
    return numcodecs.get_codec(CONFIG)


def test_numcodecs_finds_it_by_its_configuration(digits_codec: Any) -> None:
    assert isinstance(digits_codec, Aecodec)
    assert digits_codec.get_config() == CONFIG
    assert json.loads(json.dumps(CONFIG)) == CONFIG
    assert digits_codec == Aecodec("digits", 1) != Aecodec("digits")
    assert repr(digits_codec) == "Aecodec(codec='digits', codec_id='f206e96f', level=1)"
    assert numcodecs.get_codec({"id": "aecodec", "codec": "digits"}).get_config()["level"] == 2
    assert pickle.loads(pickle.dumps(digits_codec)) == digits_codec


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"max_error": 3}, 3),
        ({"max_error": {"1": "10%"}}, 2),
        ({"max_error": [9, 0], "level": 1}, 0),
        ({"max_error": "10%"}, 2),
        ({"max_error": ["1sqrt", 0]}, 0),
    ],
)
def test_chunks_within_a_maximum_error(options: dict[str, Any], error: int) -> None:
    codec = numcodecs.get_codec({"id": "aecodec", "codec": "digits", **options})
    config = json.loads(json.dumps(codec.get_config()))
    assert config == {"id": "aecodec", "codec": "digits", "codec_id": "f206e96f", **options}
    assert numcodecs.get_codec(config) == codec
    chunk = np.arange(20, dtype=np.uint8).reshape(4, 5)
    chunk[2, 2] = 21
    trimmed = aecodec.compress(chunk, "digits", level=1, max_error=[90, 0])
    if "%" in str(options):
        with pytest.warns(AecodecWarning, match="write whole chunks, or give a number"):
            data = codec.encode(chunk)
    else:
        data = codec.encode(chunk)
    assert np.abs(codec.decode(data).astype(int) - chunk).max() <= error
    for file in (aecodec.trim(trimmed, 90), aecodec.compress(chunk, "digits")):
        with pytest.raises(FormatError, match=r"not a maximum error of .*: it was trimmed"):
            codec.decode(file)


@pytest.mark.parametrize("error", [1, 4, 7.5, 100])
@given(
    dtype=st.sampled_from(SampleType),
    power=st.integers(0, 24),
    seed=st.integers(0, 99),
    nodata=st.sampled_from([None, False]),
)
@settings(max_examples=10, deadline=None)
@pytest.mark.filterwarnings("ignore:a chunk is stored without loss:aecodec.AecodecWarning")
def test_parts_that_are_written_again_keep_their_bound(
    error: float, dtype: SampleType, power: int, seed: int, nodata: bool | None
) -> None:
    """Rows are replaced one after the other, with samples of other sizes than before."""
    name = "digits" if dtype == SampleType.UINT8 and seed % 2 else None
    codec = Aecodec(name, 1 if name else None, max_error=error, nodata=nodata)
    number = np.random.default_rng(seed)
    sizes = np.linspace(0, power, 9)[:, None]
    wanted = number.normal(0, 2, (9, 40)) * 2**sizes
    kind = np.dtype(dtype.dtype)
    limits = np.finfo(kind) if kind.kind == "f" else np.iinfo(kind)
    wanted = np.clip(wanted, float(limits.min), min(float(limits.max), 2.0**62)).astype(kind)
    chunk = np.zeros_like(wanted)
    for row in range(9):
        chunk[row] = wanted[row]
        try:
            chunk = codec.decode(codec.encode(chunk))
        except UsageError:  # two values may be nodata, and 64 bits do not stay exact
            if nodata is False or kind.itemsize < 8:
                raise
            return
    np.testing.assert_allclose(chunk.astype(float), wanted.astype(float), 0, error)
    if nodata is False:
        assert np.array_equal(codec.decode(codec.encode(chunk)), chunk)


@pytest.mark.parametrize(
    "shape",
    [(30, 40), (30, 40, 1), (30, 40, 2), (30, 40, 3), (30, 40, 4), (5, 30, 40), (2, 30, 40, 3)],
)
def test_all_kinds_of_chunks(shape: tuple[int, ...], photograph: Pixels) -> None:
    chunk = np.resize(photograph[:100, :100], shape)
    if shape[-1] in (2, 4):
        chunk[..., -1] = 255 * (chunk[..., -1] > 99)
    codec = Aecodec("photo")
    data = codec.encode(chunk)
    back = codec.decode(data)
    assert back.dtype == np.uint8
    assert back.shape == (shape[:-1] if shape[-1] == 1 else shape)
    assert np.array_equal(back, np.squeeze(aecodec.decompress_frames(data)))
    out = np.empty(shape, np.uint8)
    assert codec.decode(data, out) is out
    assert np.array_equal(out.reshape(back.shape), back)
    flat = bytearray(back.size)
    codec.decode(np.frombuffer(data, np.uint8), flat)
    assert bytes(flat) == back.tobytes()


def test_the_order_of_fortran_is_refused(digits_codec: Any, digits: Pixels) -> None:
    with pytest.raises(ImageError, match=r"numpy\.ascontiguousarray"):
        digits_codec.encode(np.asfortranarray(digits[:5]))
    digits_codec.encode(np.asfortranarray(digits[:1, :, :1]))  # which is in both orders


@pytest.mark.parametrize("chunk", [b"bytes", np.zeros((0, 9), np.uint8)])
def test_what_is_no_picture_is_refused(digits_codec: Any, chunk: Any) -> None:
    with pytest.raises(ImageError, match=r"a chunk is uint8 with the shape \(H, W\)"):
        digits_codec.encode(chunk)


def test_a_chunk_that_would_not_be_read_is_not_written() -> None:
    """The number that the message names is enough for both directions."""
    black = np.zeros((1100, 2048), np.uint8)
    with pytest.raises(LimitError, match="max_pixels=2252800"):
        Aecodec("photo", 1, max_pixels=2252799).encode(black)
    codec = numcodecs.get_codec(Aecodec("photo", 1, max_pixels=2252800).get_config())
    data = codec.encode(black)
    assert codec.decode(data).shape == (1100, 2048)
    with pytest.raises(LimitError):
        Aecodec("photo", 1, max_pixels=2252799).decode(data)
    with pytest.raises(UsageError, match="max_pixels is 0"):
        Aecodec("photo", 1, max_pixels=0)


def test_zarr_2_stores_chunks_with_it(tmp_path: Path, digits: Pixels) -> None:
    zarr = pytest.importorskip("zarr")
    path = str(tmp_path / "digits.zarr")
    options = {"shape": (100, 28, 28), "chunks": (40, 28, 28), "dtype": "uint8", "zarr_format": 2}
    array = zarr.create_array(path, compressors=Aecodec("digits", 1), **options)
    array[:] = digits[:100]
    expected = aecodec.decompress_frames(aecodec.compress(digits[40:80], level=1))
    assert np.array_equal(array[40:80], expected)
    stated = json.loads((tmp_path / "digits.zarr" / ".zarray").read_text("utf-8"))
    assert stated["compressor"] == CONFIG
    assert np.array_equal(zarr.open_array(path, mode="r")[47], array[47])


@pytest.mark.parametrize("dtype", ["uint8", ">i2", "float32"])
@pytest.mark.parametrize("shape", [(7, 9, 2), (2, 7, 9), (3, 2, 7, 9), (3, 7, 9, 2)])
def test_chunks_with_bands(tmp_path: Path, dtype: str, shape: tuple[int, ...]) -> None:
    folder = band_codec(tmp_path / "codec", [(0, 255), (0, 255)], phases=1)
    codec = Aecodec(load_codec(folder.path), nodata=7)
    codec = numcodecs.get_codec(json.loads(json.dumps(codec.get_config())))
    chunk = np.random.default_rng(0).integers(0, 256, shape).astype(dtype)
    data = codec.encode(chunk)
    back, out = codec.decode(data), np.empty_like(chunk)
    assert (back.dtype, back.shape) == (chunk.dtype, chunk.shape)
    assert np.array_equal(back, chunk)
    assert np.array_equal(codec.decode(data, out), chunk)
    with pytest.raises(ImageError, match=r"give chunks with the shape \(H, W, 2\), \(2, H, W\)"):
        codec.encode(chunk.reshape(-1, 7))


@pytest.mark.parametrize(
    ("shape", "dtype"),
    [
        ((7,), "int64"),
        ((30, 40), "float64"),
        ((3, 30, 40), "uint8"),
        ((30, 40, 4), "uint8"),
        ((300, 9, 8), "uint32"),
        ((2, 3, 4, 5, 6), "int16"),
        ((2, 300, 3, 300), "float32"),
    ],
)
def test_chunks_of_any_shape_and_type_need_no_codec(shape: tuple[int, ...], dtype: str) -> None:
    chunk = np.random.default_rng(0).integers(0, 200, shape).astype(dtype)
    for codec in (Aecodec(), numcodecs.get_codec({"id": "aecodec"})):
        assert codec.get_config() == {
            "id": "aecodec",
            "codec": "samples",
            "codec_id": "53414d50",
            "max_error": 0,
        }
        assert numcodecs.get_codec(codec.get_config()) == codec
        out = np.empty_like(chunk)
        codec.decode(codec.encode(chunk), out)
        assert np.array_equal(out, chunk)


def test_large_constant_chunks_are_no_bombs() -> None:
    assert not Aecodec().decode(Aecodec().encode(np.zeros((1500, 2000)))).any()
