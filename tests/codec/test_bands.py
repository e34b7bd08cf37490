"""Codecs with bands: arrays of any type come back as they were, or are rejected."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from helpers.codecs.band_codecs import band_codec, half_curved
from helpers.writer import pack
from hypothesis import given
from hypothesis import strategies as st

import aecodec
from aecodec import Codec
from aecodec.base.errors import AecodecWarning, ImageError, LimitError, UsageError
from aecodec.format.arrays import BAND_TYPES, Layout, SampleType
from aecodec.imaging.array_pictures import samples_picture
from aecodec.imaging.picture import Picture

MOST = 1020
"""Integers from 0 to MOST have values that stand for no other sample: 4 phases."""


Codecs = dict[int, Codec]


@pytest.fixture(scope="module")
def codecs(tmp_path_factory: pytest.TempPathFactory) -> Codecs:
    """Codecs with 1 and 3 bands that code integers from 0 to MOST without loss."""
    path = tmp_path_factory.mktemp("codecs")
    return {n: Codec(band_codec(path / str(n), [(0, MOST)] * n, 4)) for n in (1, 3)}


Case = tuple[npt.NDArray[Any], int, dict[str, Any]]
"""An array, its number of bands, and options for compress."""


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Arrays of any type, layout, byte order and memory order, with and without missing samples."""
    kind, layout = draw(st.sampled_from(BAND_TYPES)), draw(st.sampled_from(Layout))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    bands = 3 if layout.has_bands else 1
    shape = (draw(st.integers(1, 3)) if layout.has_frames else 1, *rng.integers(2, 9, 2), bands)
    most = min(MOST, np.iinfo(kind.dtype).max) if not kind.is_float else MOST
    samples = rng.integers(0, most + 1, shape).astype(kind.dtype)
    if draw(st.booleans()):
        samples[..., 0] = rng.integers(0, most + 1)  # a band that repeats its samples
    array: Any = layout.apply(samples).astype(
        f"{draw(st.sampled_from('<>'))}{kind.dtype[0]}{kind.size}"
    )
    if draw(st.booleans()):
        array = np.asfortranarray(array)[..., ::-1]
    axes = {Layout.BHW: 0, Layout.FBHW: draw(st.sampled_from([1, -3]))}
    options: dict[str, Any] = {"band_axis": axes.get(layout)}
    holes = rng.random(array.shape) < rng.choice([0.01, 0.5, 1])
    match draw(st.sampled_from(["none", "nodata", "nan" if kind.is_float else "mask"])):
        case "nodata":
            options["nodata"] = float(most) if kind.is_float else most
            array[holes] = most
        case "nan":
            array[holes] = np.nan
        case "mask":
            array = np.ma.MaskedArray(np.where(holes, 0, array).astype(array.dtype), holes)
    return array, bands, options


@given(case=cases())
def test_arrays_come_back_as_they_were(codecs: Codecs, case: Case) -> None:
    array, bands, options = case
    data = codecs[bands].compress(array, level=2, **options)
    restored = codecs[bands].decompress_array(data)
    assert (restored.shape, restored.dtype.str) == (array.shape, array.dtype.str)
    np.testing.assert_array_equal(np.ma.getmaskarray(restored), np.ma.getmaskarray(array))
    loss = MOST / 65535 if array.dtype.kind == "f" else 0
    loss += MOST / 2048 if array.dtype.itemsize == 2 and array.dtype.kind == "f" else 0
    np.testing.assert_allclose(restored, array, rtol=0, atol=loss)
    nodata = options.get("nodata")
    if nodata is not None:
        np.testing.assert_array_equal(restored == nodata, array == nodata)
    frames = codecs[bands].decompress_frames(data)
    samples = aecodec.read_header(data).samples
    assert samples is not None
    np.testing.assert_array_equal(samples.layout.apply(frames), restored)


def test_samples_in_other_units_get_no_level(tmp_path: Path) -> None:
    codec = Codec(band_codec(tmp_path, [(0, 10000)] * 3, 4))
    part = np.random.default_rng(0).uniform(0, 1, (6, 7, 3)).astype(np.float32)
    for options in ({"level": 2}, {"max_bytes": 9999}, {"min_psnr": 30}):
        with pytest.raises(ImageError, match=r"\.\.0.99.*, only .* 0\.\.10000 .* max_error"):
            codec.compress(np.where(part > 0.5, part, np.nan), **options)
    with pytest.warns(AecodecWarning, match="only 0.005 of the range"):
        codec.compress(part * 50, level=2)
    lonely = np.where(np.arange(42).reshape(6, 7, 1) == 3, part, np.nan)
    for fine in (
        part * 200,
        part + np.array([0, 90, 300]),
        part[:1, :1] + 0 * part,
        lonely,
        0 * part,
    ):
        codec.compress(fine.astype(np.float32), level=2)
    assert np.abs(codec.decompress_array(codec.compress(part, max_error=0.01)) - part).max() <= 0.01
    flat = Codec(band_codec(tmp_path / "one", [(-500, 9000)], 4))
    with pytest.warns(AecodecWarning, match="its samples lie in"):
        flat.compress(part[..., 0], level=2)


def test_samples_outside_of_the_limits_are_clipped_with_a_warning(codecs: Codecs) -> None:
    array = np.array([[-5, 7, 5000], [-9999, 1020, 0]], np.int16)
    with pytest.warns(AecodecWarning, match="^2 samples of band band 1 were clipped to 0..1020$"):
        data = codecs[1].compress(array, nodata=-9999)
    expected = [[0, 7, 1020], [-9999, 1020, 0]]
    np.testing.assert_array_equal(codecs[1].decompress_array(data), expected)


@pytest.mark.parametrize(
    ("array", "limits"),
    [
        (np.array([[-5, 7, 2000]], np.int16), (-5, 2000)),
        (np.array([[-5, 7, 500]], np.int16), (-5, 1020)),
        (np.array([[0, 7, 65535]], np.uint16), (0, 65535)),
        (np.array([[0] * 99 + [2040]], np.uint16), (0, 2040)),
        (np.array([[-0.5, 7, 1e30]], np.float32), (-0.5, float(np.float32(1e30)))),
        (np.array([[3, 7, 1000]], np.float32), None),
        (np.array([[0, 7, 255]], np.uint8), None),
    ],
)
def test_a_file_has_its_own_limits_if_the_codec_allows_them(
    tmp_path: Path, array: Any, limits: Any
) -> None:
    codec = Codec(band_codec(tmp_path, [(0, MOST)], 4, file_limits=True))
    data = codec.compress(array)
    samples = aecodec.read_header(data).samples
    assert samples is not None
    assert samples.limits == (limits and (limits,))
    low, high = limits or (0, MOST)
    loss = (high - low) / 2 / MOST + 1
    np.testing.assert_allclose(codec.decompress_array(data), array, rtol=0, atol=loss)


@pytest.mark.parametrize("kind", BAND_TYPES)
@pytest.mark.parametrize("phases", [1, 2, 8])
def test_samples_get_the_values_that_networks_are_trained_with(
    tmp_path: Path, kind: SampleType, phases: int
) -> None:
    limits = [(0.0, 255.0), (-20.5, 100.0), (0.0, 9000.0)]
    transfer = half_curved(limits, phases)
    codec = Codec(band_codec(tmp_path, limits, phases, transfer=transfer))
    numbers = np.random.default_rng(kind).normal(60, [90, 90, 9000], (1, 9, 13, 3))
    dtype = np.dtype(kind.dtype)
    range_: Any = np.finfo(dtype) if kind.is_float else np.iinfo(dtype)
    array = numbers.clip(range_.min, range_.max).astype(dtype)
    with pytest.warns(AecodecWarning, match="were clipped"):
        restored = codec.decompress_array(codec.compress(array))
    values, levels = transfer.to_values(array), transfer.levels(dtype)
    expected = np.stack([levels[band][values[..., band]] for band in range(3)], axis=-1)
    np.testing.assert_array_equal(restored, expected)


def test_samples_that_differ_too_much_are_rejected(tmp_path: Path) -> None:
    wide = Codec(band_codec(tmp_path / "2", [(300, 70300)], 4))
    for dtype in (np.int32, np.uint8):
        with pytest.raises(ImageError, match="has no values between them, or they differ by more"):
            wide.compress(np.array([[0, 250]], dtype))


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (np.zeros((4, 4, 2), np.int16), "2 bands of int16, but codec bands needs 3 bands"),
        (np.zeros((4, 4), np.float32), "1 band of float32, but codec bands needs 3 bands"),
        (np.zeros((4, 4, 4), np.uint8), "needs 3 bands.* --max-error E or --lossless"),
        (np.zeros((4, 4, 3)), "not float64: .* --max-error E or --lossless"),
        (Picture(np.zeros((1, 4, 4, 3), np.uint8), np.zeros((1, 4, 4), np.uint8)), "and alpha"),
    ],
)
def test_other_pictures_are_rejected(codecs: Codecs, image: Any, message: str) -> None:
    with pytest.raises(ImageError, match=message):
        codecs[3].compress(image)


def test_an_axis_of_bands_needs_a_codec_that_takes_it() -> None:
    with pytest.raises(UsageError, match="max_error or a codec with bands"):
        aecodec.compress(np.zeros((4, 4), np.uint8), "digits", band_axis=0)
    with pytest.raises(ImageError, match="--max-error E or --lossless"):
        aecodec.compress(samples_picture(np.zeros((4, 4, 5), np.uint8)), "digits")


def test_frames_are_decoded_one_by_one(codecs: Codecs, tmp_path: Path) -> None:
    array = np.arange(4 * 5 * 6 * 3).reshape(4, 5, 6, 3).astype(">f4")
    array[1, 2:], array[3, ..., 1] = np.nan, np.nan
    path = tmp_path / "frames.aec"
    path.write_bytes(codecs[3].compress(array))
    frames = aecodec.frames(path, codecs[3])
    assert frames[0].dtype.str == ">f4"
    expected = codecs[3].decompress_array(path)
    np.testing.assert_array_equal(frames[[3, 1]], expected[[3, 1]])
    np.testing.assert_array_equal(np.isnan(frames[:]), np.isnan(array))


def test_pillow_images_are_not_made_of_bands(codecs: Codecs) -> None:
    data = codecs[3].compress(np.zeros((4, 4, 3), np.int16))
    with pytest.raises(UsageError, match="3 bands of int16: use decompress_array"):
        codecs[3].decompress(data)


def test_a_target_psnr_is_reached_without_missing_samples(codecs: Codecs) -> None:
    array = np.random.default_rng(0).integers(0, MOST, (16, 16, 3)).astype(np.float32)
    array[:8] = np.nan
    sizes = [len(codecs[3].compress(array, min_psnr=psnr)) for psnr in (20, 60)]
    assert sizes[0] < sizes[1]
    with pytest.raises(UsageError, match="PSNR is the only measure"):
        codecs[3].compress(array, min_ssimulacra2=50)
    assert len(codecs[3].compress(array, max_bytes=sizes[0])) <= sizes[0]


def test_bombs_of_bands_are_found_before_anything_is_allocated(codecs: Codecs) -> None:
    header = aecodec.read_header(codecs[3].compress(np.zeros((4, 4, 3), np.float32)))
    for size in ((8000, 6000), (2000, 2000)):
        bomb = pack(header._replace(size=size), bytes(9))
        with pytest.raises(LimitError, match="max_pixels"):
            codecs[3].decoder.check(bomb)
