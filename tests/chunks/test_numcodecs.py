"""Chunks by way of numcodecs, alone and in arrays of Zarr 2."""

from __future__ import annotations

import json
import pickle
from typing import Any

import numpy as np
import pytest
from helpers.codecs.band_codecs import band_codec
from hypothesis import given, settings
from hypothesis import strategies as st

import aecodec
from aecodec import AecodecWarning, FormatError, ImageError, LimitError, UsageError, load_codec
from aecodec.base.arrays import Pixels
from aecodec.format.arrays import SampleType
from aecodec.format.limits import Limits

numcodecs = pytest.importorskip("numcodecs")
from aecodec.numcodecs import Aecodec  # noqa: E402 - which imports numcodecs

CONFIG = {"id": "aecodec", "codec": "digits", "codec_id": "f206e96f", "level": 1}


def configured(codec: Aecodec) -> Any:
    """The same codec, as a reader finds it by its configuration in JSON."""
    return numcodecs.get_codec(json.loads(json.dumps(codec.get_config())))


def test_numcodecs_finds_the_codec_by_its_configuration() -> None:
    codec = numcodecs.get_codec(CONFIG)
    assert codec.get_config() == CONFIG
    assert codec == Aecodec("digits", 1) != Aecodec("digits")
    assert repr(codec) == "Aecodec(codec='digits', codec_id='f206e96f', level=1)"
    assert configured(Aecodec("digits")).get_config()["level"] == 2
    assert pickle.loads(pickle.dumps(codec)) == codec


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"max_error": 3}, 3),
        ({"max_error": {"1": "10%"}}, 2),
        ({"max_error": [9, 0], "level": 1}, 0),
        ({"max_error": ["1sqrt", 0]}, 0),
    ],
)
def test_chunks_within_a_maximum_error(options: dict[str, Any], error: int) -> None:
    codec = numcodecs.get_codec({"id": "aecodec", "codec": "digits", **options})
    assert configured(codec) == codec
    chunk = np.arange(20, dtype=np.uint8).reshape(4, 5)
    chunk[2, 2] = 21
    if "%" in str(options):
        with pytest.warns(AecodecWarning, match="write whole chunks, or give a number"):
            data = codec.encode(chunk)
    else:
        data = codec.encode(chunk)
    assert np.abs(codec.decode(data).astype(int) - chunk).max() <= error
    trimmed = aecodec.trim(aecodec.compress(chunk, "digits", level=1, max_error=[90, 0]), 90)
    for file in (trimmed, aecodec.compress(chunk, "digits")):
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
    samples = number.normal(0, 2, (9, 40)) * 2**sizes
    kind = np.dtype(dtype.dtype)
    limits = np.finfo(kind) if kind.kind == "f" else np.iinfo(kind)
    samples = np.clip(samples, float(limits.min), min(float(limits.max), 2.0**62)).astype(kind)
    chunk = np.zeros_like(samples)
    for row in range(9):
        chunk[row] = samples[row]
        try:
            chunk = codec.decode(codec.encode(chunk))
        except UsageError:  # two values may be nodata, and 64 bits do not stay exact
            if nodata is False or kind.itemsize < 8:
                raise
            return
    np.testing.assert_allclose(chunk.astype(float), samples.astype(float), 0, error)
    if nodata is False:
        assert np.array_equal(codec.decode(codec.encode(chunk)), chunk)


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
@settings(max_examples=60, deadline=None)
def test_samples_of_any_shape_and_type_come_back(
    two_bands: Aecodec, shape: list[int], place: int | None, dtype: str, seed: int
) -> None:
    codec = Aecodec()
    if place is not None and dtype in ("uint8", ">i2", "float32"):
        codec, shape = two_bands, [*shape, 1, 1, 1][: 4 if place else 3]
        shape[place] = 2
    chunk = np.random.default_rng(seed).integers(0, 100, shape).astype(dtype)
    data, out = configured(codec).encode(chunk), np.empty_like(chunk)
    assert np.array_equal(configured(codec).decode(data, out), chunk)
    if codec is two_bands:
        decoded = codec.decode(data)
        assert (decoded.dtype, decoded.shape) == (chunk.dtype, chunk.shape)


def test_chunks_that_cannot_be_stored_are_rejected(
    two_bands: Aecodec, digits: Pixels, monkeypatch: pytest.MonkeyPatch
) -> None:
    codec = numcodecs.get_codec(CONFIG)
    with pytest.raises(ImageError, match=r"numpy\.ascontiguousarray"):
        codec.encode(np.asfortranarray(digits[:5]))
    codec.encode(np.asfortranarray(digits[:1, :, :1]))  # which is in both orders
    for chunk in (b"bytes", np.zeros((0, 9), np.uint8)):
        with pytest.raises(ImageError, match=r"a chunk is uint8 with the shape \(H, W\)"):
            codec.encode(chunk)
    with pytest.raises(ImageError, match=r"give chunks with the shape \(H, W, 2\), \(2, H, W\)"):
        two_bands.encode(np.zeros((9, 7)))
    assert not Aecodec().decode(Aecodec().encode(np.zeros((1500, 2000)))).any()
    monkeypatch.setattr("aecodec.numcodecs._LIMITS", Limits(28 * 28 * 4, 9))
    with pytest.raises(LimitError, match="give smaller chunks"):
        codec.encode(digits[:5])
