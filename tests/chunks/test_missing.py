"""Missing samples stay missing, and no others become missing, in every way to write an array."""

from __future__ import annotations

import io
import warnings
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.codecs.band_codecs import band_codec
from hypothesis import example, given, settings
from hypothesis import strategies as st
from image_files.files import fits_header

from aecodec import Codec, ImageError, UsageError, load_codec
from aecodec.base.errors import AecodecWarning
from aecodec.format.arrays import ANY_BANDS, SampleType
from aecodec.format.container import MetadataKind
from aecodec.format.kept_tags import DESCRIPTION, KeptTags, text_tag
from aecodec.image_files.options import ReadOptions
from aecodec.image_files.scientific import read_samples, write_samples
from aecodec.imaging.array_pictures import samples_picture

zarr = pytest.importorskip("zarr", reason="Zarr 3 needs Python 3.11")
xarray = pytest.importorskip("xarray")
from aecodec.zarr import Aecodec  # noqa: E402 - which imports zarr

SHAPE = (2, 12, 15)
ERRORS = st.sampled_from([0, 1, 2, 4, 9])
BITPIX = {"u1": 8, "i2": 16, "i4": 32, "i8": 64, "f4": -32, "f8": -64}

Case = tuple[np.ndarray, Any]
"""An array, and its value of missing samples."""


@st.composite
def cases(draw: st.DrawFn, *, ends_only: bool = False) -> Case:
    """Samples of any type near their nodata value, on one side of it or on both."""
    dtype = np.dtype(draw(st.sampled_from(SampleType)).dtype)
    info: Any = np.finfo(dtype) if dtype.kind == "f" else np.iinfo(dtype)
    values = [info.min, info.max if dtype.itemsize < 8 else info.min]
    nodata = draw(
        st.sampled_from(values if ends_only else [*values, 0, 7, *[-99] * int(info.min < 0)])
    )
    random = np.random.default_rng(draw(st.integers(0, 999)))
    spread, middle = draw(st.sampled_from([1, 3, 20])), draw(st.sampled_from([-20, 0, 20]))
    near = middle + spread * random.normal(size=SHAPE) + 0
    if dtype.kind == "f":
        array = (near + (nodata if abs(nodata) < 100 else 0)).astype(dtype)
    else:
        exact = [min(max(int(nodata) + round(n), info.min), info.max) for n in near.flat]
        array = np.array(exact, dtype).reshape(SHAPE)
    array[random.random(SHAPE) < draw(st.sampled_from([0, 0.1, 0.9, 1]))] = nodata
    return array, dtype.type(nodata).item()


def check(array: np.ndarray, restored: np.ndarray, nodata: Any, error: float) -> None:
    missing = np.isnan(array) | (array == nodata)
    assert np.array_equal(np.isnan(restored) | (restored == nodata), missing)
    exact = object if array.dtype.kind != "f" else float
    errors = np.abs(array[~missing].astype(exact) - restored[~missing].astype(exact))
    assert not errors.size or errors.max() <= error


def through_file(array: np.ndarray, nodata: Any, error: float, suffix: str) -> np.ndarray:
    picture = samples_picture(array, band_axis=0, nodata=nodata, bands=ANY_BANDS)
    if suffix == ".fits":
        axes = {f"NAXIS{n}": side for n, side in enumerate(SHAPE[::-1], 1)}
        cards = {"SIMPLE": "T", "BITPIX": BITPIX[array.dtype.str[1:]], "NAXIS": 3, **axes}
        tags = KeptTags([text_tag(DESCRIPTION, fits_header(**cards).decode().strip())], "<")
        picture = replace(picture, metadata={MetadataKind.TIFF: tags.pack()})
    samples = load_codec("samples")
    restored = samples.decoder.decompress_picture(samples.compress(picture, max_error=error))
    stated = None if suffix in (".tif", ".fits") else nodata
    options = ReadOptions(nodata=stated, band_axis=0, bands=ANY_BANDS)
    again = read_samples(io.BytesIO(write_samples(restored, suffix)), options)
    filled = again.pixels.copy()
    filled[again.is_missing] = nodata
    return np.moveaxis(filled[0], -1, 0) if len(filled) == 1 else filled[..., 0]


def in_array(samples: np.ndarray, codec: Aecodec, **options: Any) -> np.ndarray:
    options = {"chunks": samples.shape, "compressors": None} | options
    return zarr.create_array({}, data=samples, serializer=codec, **options)[...]


def through_zarr(array: np.ndarray, nodata: Any, error: float) -> np.ndarray:
    parts = {} if nodata is None else {"chunks": (2, 7, 7), "fill_value": nodata}
    return in_array(array, Aecodec(max_error=error, nodata=nodata), **parts)


WAYS = {
    **{s: partial(through_file, suffix=s) for s in (".tif", ".npy", ".npz", ".fits")},
    "zarr": through_zarr,
}


@pytest.mark.parametrize("way", WAYS)
@given(cases(), ERRORS)
@example((np.array([[[-9999.0, 3.0, np.nan, 5.0]]], "f4").repeat(12, 1), -9999.0), 1)
def test_only_missing_samples_have_the_value_nodata(way: str, case: Case, error: float) -> None:
    array, nodata = case
    error = error or 0.25 * (array.dtype == np.float64)
    if way == ".fits" and (array.dtype.str[1:] not in BITPIX or array.shape != SHAPE):
        return
    if np.isnan(array).any() and way[0] == ".":
        with pytest.warns(AecodecWarning, match="NaN samples were replaced with -9999"):
            check(array, WAYS[way](array, nodata, error), nodata, error)
    elif np.isnan(array).any():
        with pytest.raises(ImageError, match="the chunk contains NaN"):
            WAYS[way](array, nodata, error)
    else:
        check(array, WAYS[way](array, nodata, error), nodata, error)


@pytest.fixture(scope="module")
def bands(tmp_path_factory: pytest.TempPathFactory) -> Codec:
    return Codec(band_codec(tmp_path_factory.mktemp("bands"), [(-150, 250)] * 2, 2))


@pytest.mark.filterwarnings("ignore:.* samples of band .* were clipped:aecodec.AecodecWarning")
@pytest.mark.filterwarnings("ignore:its samples lie in .*, only:aecodec.AecodecWarning")
@given(cases(), st.sampled_from([None, 0, 3, "0.5sqrt", (9, 2)]), st.sampled_from([1, 2]))
def test_codecs_with_bands(bands: Codec, case: Case, error: Any, level: int) -> None:
    array, nodata = case
    if array.dtype.itemsize > 4 or array.dtype.name in ("uint32", "int32"):
        return
    try:
        data = bands.compress(array, level=level, max_error=error, nodata=nodata, band_axis=0)
    except (ImageError, UsageError):  # limits or square roots of other types
        return
    restored = bands.decompress_array(data)
    bound = error if isinstance(error, int) else 2 if isinstance(error, tuple) else np.inf
    check(array, restored, nodata, bound)


@given(cases(ends_only=True), st.sampled_from([2, 4]))
def test_nodata_that_nobody_states_is_found(case: Case, error: float) -> None:
    """Values at the end of a type, or of floats far from others, are missing in any chunk."""
    array, nodata = case
    if array.dtype.kind == "f" and not (array == nodata).any():
        return
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "a chunk is stored without loss")  # two values may be it
        check(array, through_zarr(array, None, error), nodata, error)


@pytest.mark.parametrize(("dtype", "nodata"), [("i2", -9999), ("u1", 0), ("u2", 65535)])
def test_nodata_of_xarray(tmp_path: Path, dtype: str, nodata: int) -> None:
    """xarray keeps `_FillValue` from codecs; packed samples get it, also in parts of dask."""
    smooth = np.cumsum(np.random.default_rng(0).normal(size=(4, 20, 30)), -1).clip(-12)
    smooth = np.where(smooth > 2, np.nan, smooth)
    encoding: dict[str, Any] = {"dtype": dtype, "scale_factor": 0.25, "add_offset": -14.0}
    encoding |= {"_FillValue": nodata, "chunks": (2, 20, 30)}
    encoding |= {"serializer": Aecodec(max_error=2), "compressors": None}
    data = xarray.Dataset({"x": (("t", "y", "x"), smooth)}).chunk(t=2)
    data.to_zarr(tmp_path / "a", encoding={"x": encoding}, zarr_format=3, consolidated=False)
    restored = xarray.open_zarr(tmp_path / "a", consolidated=False).x.values
    assert np.array_equal(np.isnan(restored), np.isnan(smooth))
    assert np.nanmax(np.abs(restored - smooth)) <= 0.25 * 2.5


@settings(max_examples=20)
@given(
    st.sampled_from(["u1", "i1", "u2", "i2"]),
    st.sampled_from([{"level": 1}, {"level": 2, "max_error": 3}, {"max_error": 3}]),
    st.integers(0, 99),
)
def test_chunks_with_two_values_that_may_be_nodata_are_exact(
    bands: Codec, dtype: str, options: dict[str, Any], seed: int
) -> None:
    limits, random = np.iinfo(dtype), np.random.default_rng(seed)
    chunk = random.integers(limits.min, limits.max, (2, 12, 16), dtype, endpoint=True)
    chunk.flat[:2] = limits.min, limits.max
    with pytest.warns(AecodecWarning, match="without loss, because .* set nodata, .* or to false"):
        assert np.array_equal(in_array(chunk, Aecodec(bands, **options)), chunk)
    wide = np.array([[-(2**63), 0, 2**50 + 1, 2**62 - 1, 2**63 - 1]])
    with pytest.raises(UsageError, match="set nodata"):
        in_array(wide, Aecodec(max_error=4))
    if dtype == "u1":
        lossy = in_array(chunk, Aecodec(max_error=4, nodata=False))
        assert np.abs(lossy.astype(int) - chunk).max() <= 4


@pytest.mark.parametrize("options", [{"max_error": 4}, {"level": 4}])
def test_codecs_without_bands_keep_a_fill_value(options: dict[str, Any]) -> None:
    """Chunks are lossless if pixels would get it or lose it; 0 may be black."""
    smooth = np.cumsum(np.random.default_rng(0).normal(size=(64, 64)), -1).clip(-100, 100)
    pixels = (smooth + 120).astype(np.uint8)
    pixels[10:30], pixels[40] = 255, 252
    described = {"shape": pixels.shape, "chunks": (64, 40), "dtype": "u1", "compressors": None}
    array = zarr.create_array(
        {}, serializer=Aecodec("photo", **options), fill_value=255, **described
    )
    array[:] = pixels
    assert np.array_equal(array[:] == 255, pixels == 255)
    pixels[10:30] = 0
    array = zarr.create_array({}, serializer=Aecodec("photo", **options), **described)
    with pytest.warns(AecodecWarning, match="does not preserve the fill value 0"):
        array[:] = pixels
