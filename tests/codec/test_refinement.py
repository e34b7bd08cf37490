"""Files with a maximum error: the bound holds for every known sample, also for trimmed files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from helpers.codecs.band_codecs import band_codec
from helpers.codecs.golden import REFUSED
from helpers.writer import Part, pack, unpack
from hypothesis import given, settings
from hypothesis import strategies as st
from image_files import profiles
from PIL import Image

import aecodec
from aecodec import (
    AecodecError,
    AecodecWarning,
    Codec,
    LimitError,
    Target,
    UsageError,
    load_codec,
)
from aecodec.format.container import MetadataKind
from aecodec.format.samples import BAND_TYPES

MOST = 1020
"""Largest sample between the limits of the codecs with bands."""


@pytest.fixture(scope="module")
def bands(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Codec]:
    """Codecs with 1 and 3 bands, by their number of bands."""
    path, codecs = tmp_path_factory.mktemp("codecs"), {}
    for count in (1, 3):
        band_codec(path / str(count), [(0, MOST)] * count, 4)
        codecs[count] = load_codec(path / str(count))
    return codecs


@st.composite
def arrays(draw: st.DrawFn) -> npt.NDArray[Any]:
    """Arrays (H, W) or (H, W, 3) of any type, some with NaN or a mask, in any byte order."""
    dtype = np.dtype(draw(st.sampled_from(BAND_TYPES)).dtype)
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    shape = (*rng.integers(1, 7, 2), *draw(st.sampled_from([(), (3,)])))
    limits = np.finfo(dtype) if dtype.kind == "f" else np.iinfo(dtype)
    ends = [0, limits.min, limits.max, 7, min(MOST, limits.max)]
    spread = draw(st.sampled_from([1, 30, 3000])) * rng.standard_normal(shape)
    values = np.where(rng.random(shape) < draw(st.sampled_from([0, 0.1, 1])), 1, 0)
    values = np.where(values, rng.choice(ends, shape), spread + 100)
    array = np.clip(values, limits.min, limits.max).astype(dtype)
    holes = rng.random(shape) < draw(st.sampled_from([0, 0.3, 1]))
    if dtype.kind == "f":
        array[holes] = np.nan
    array = array.astype(dtype.newbyteorder(draw(st.sampled_from("<>"))))
    return array if dtype.kind == "f" else np.ma.MaskedArray(array, holes)


ERRORS = st.sampled_from(
    [0, 1, 2.5, 100, 1e-3, 1e-30, 1e30, "9e307%", "0.7%", (40, 3, 0), ("9%", 0)]
)


def bounds_of(error: Any, array: npt.NDArray[Any]) -> list[float]:
    """The maximum errors in units of the samples of an array."""
    known = np.ma.masked_invalid(array).compressed().astype(np.float64)
    range_ = float(np.ptp(known)) if known.size else 0.0
    values = error if isinstance(error, tuple) else (error,)
    return [
        float(value.rstrip("%")) * range_ / 100 if isinstance(value, str) else value
        for value in values
    ]


BAND_ERRORS = st.tuples(*[st.sampled_from([0, 1, 2.5, 100, 1e-3, "0.7%", "20%"])] * 3)


@given(array=arrays(), errors=BAND_ERRORS, is_nested=st.booleans(), level=st.sampled_from([1, 2]))
@settings(max_examples=15)
def test_no_band_exceeds_its_bound(
    bands: dict[int, Codec], array: npt.NDArray[Any], errors: Any, is_nested: bool, level: int
) -> None:
    array = np.ma.atleast_3d(array) if array.dtype.kind != "f" else np.atleast_3d(array)
    codec = bands[array.shape[-1]]
    by_name = dict(zip(codec.spec.bands.names, errors, strict=False))
    coarse = dict.fromkeys(by_name, 1e300)
    data = codec.compress(array, level=level, max_error=[coarse, by_name] if is_nested else by_name)
    restored = codec.decompress_array(data)
    for band, error in enumerate(by_name.values()):
        samples = array[..., band], restored[..., band]
        assert largest_error(*samples) <= bounds_of(error, samples[0])[0]


def test_bounds_of_bands_are_stored_once_for_each(codec: Codec) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (5, 6, 3), np.uint8)
    errors = [{"1": 4, "2": 20, "3": 0}, {"3": 0, "2": 8, "1": 4}]
    data = codec.compress(picture, level=1, max_error=errors)
    restored = codec.decompress_array(data)
    assert np.abs(restored.astype(int) - picture).max(axis=(0, 1)).tolist() == [4, 8, 0]
    parts = [[b.error for b in part.bounds] for part in aecodec.read_header(data).refinements]
    assert parts == [[4, 20, 0], [4, 8, 0]]
    zero = codec.compress(picture, level=1, max_error={"1": "0sqrt", "2": 9, "3": 2})
    assert [b.text for b in aecodec.read_header(zero).refinements[0].bounds] == ["0", "9", "2"]
    roots = {"1": "2sqrt", "2": 0, "3": "1sqrt"}
    data = codec.compress(picture, level=1, max_error=roots)
    assert [b.text for b in aecodec.read_header(data).refinements[0].bounds] == [
        "2sqrt", "0sqrt", "1sqrt",
    ]  # fmt: skip
    assert np.array_equal(codec.decompress_array(data)[..., 1], picture[..., 1])


@pytest.mark.parametrize(
    ("errors", "message"),
    [
        ({"1": 4}, "some bands have no error; give an error for each band: 1, 2, 3"),
        ({"1": 4, "2": 4, "3": 4, "red": 4}, "there is no band red"),
        ([{"1": "9%", "2": 9, "3": 9}, {"1": 9, "2": 30, "3": 9}], "coarsest error first"),
        ([{"1": "9%", "2": 30, "3": 30}, 27], "for this picture 18/30/30, 27"),
    ],
)
def test_errors_of_bands_that_do_not_fit_are_rejected(
    codec: Codec, errors: Any, message: str
) -> None:
    picture = np.zeros((4, 4, 3), np.uint8)
    picture[0, 0] = 200, 0, 9
    with pytest.raises(UsageError, match=message):
        codec.compress(picture, max_error=errors)


ROOTS = st.sampled_from(["0sqrt", "0.01sqrt", "0.5sqrt", "1sqrt", "40sqrt", "9999sqrt"])


@given(array=arrays(), root=ROOTS, is_lossless=st.booleans(), level=st.sampled_from([1, 2]))
@settings(max_examples=15)
def test_no_sample_exceeds_a_bound_relative_to_its_square_root(
    bands: dict[int, Codec], array: npt.NDArray[Any], root: str, is_lossless: bool, level: int
) -> None:
    codec, error = bands[3 if array.ndim == 3 else 1], (root, 0) if is_lossless else root
    if root != "0sqrt" and (array.dtype.kind == "f" or array.dtype.itemsize > 2):
        with pytest.raises(UsageError, match="only integers of 8 or 16 bits"):
            codec.compress(array, level=level, max_error=error)
        return
    data = codec.compress(array, level=level, max_error=error)
    if is_lossless:
        assert largest_error(array, codec.decompress_array(data)) == 0
        data = aecodec.trim(data, root)
    known, decoded = (
        np.ma.masked_invalid(samples).compressed().astype(np.float64)
        for samples in (array, codec.decompress_array(data))
    )
    assert np.all(np.abs(known - decoded) <= float(root.removesuffix("sqrt")) * abs(known) ** 0.5)


def largest_error(original: npt.NDArray[Any], restored: npt.NDArray[Any]) -> float:
    """The largest error of a known sample; the same samples are missing in both arrays."""
    assert (restored.shape, restored.dtype.str) == (original.shape, original.dtype.str)
    masked = [np.ma.masked_invalid(array) for array in (original, restored)]
    masks = [np.ma.getmaskarray(array) for array in masked]
    assert np.array_equal(masks[0], masks[1])
    first, second = (array.compressed().astype(np.float64) for array in masked)
    return float(np.abs(first - second).max(initial=0))


@given(array=arrays(), error=ERRORS, level=st.sampled_from([1, 2]))
@settings(max_examples=15)
def test_no_sample_exceeds_the_bound(
    bands: dict[int, Codec], array: npt.NDArray[Any], error: Any, level: int
) -> None:
    codec = bands[3 if array.ndim == 3 else 1]
    data = codec.compress(array, level=level, max_error=error)
    bounds = bounds_of(error, array)
    assert largest_error(array, codec.decompress_array(data)) <= min(bounds)
    parts = aecodec.read_header(data).refinements
    for part in parts:
        bound = part.largest_bound.error
        trimmed = aecodec.trim(data, bound)
        assert largest_error(array, codec.decompress_array(trimmed)) <= bound
    assert parts[0].largest_bound.error <= bounds[0]
    base = codec.decompress_array(data, base_only=True)
    np.testing.assert_array_equal(codec.decompress_array(aecodec.trim(data)), base)


@pytest.mark.parametrize("dtype", ["u1", "i4", "f2", "f4"])
@pytest.mark.parametrize("shape", [(1, 1), (4, 6)])
def test_a_file_may_have_no_base(
    bands: dict[int, Codec], shape: tuple[int, int], dtype: str
) -> None:
    """Noise is cheapest without a base; then nothing is left without refinements."""
    array = np.random.default_rng(0).integers(0, 256, shape).astype(dtype)
    data = bands[1].compress(array, max_error=0)
    assert not aecodec.read_header(data).has_base
    np.testing.assert_array_equal(bands[1].decompress_array(data), array)
    bands[1].decoder.check(data)
    for use in (
        lambda: bands[1].decompress_array(data, base_only=True),
        lambda: bands[1].decoder.codes(data),
        lambda: aecodec.trim(data),
    ):
        with pytest.raises(UsageError, match="no picture before its first refinement"):
            use()


@pytest.mark.parametrize(
    "shape", [(5, 7), (1, 300), (2, 3, 4, 1), (3, 4, 2), (3, 4, 3), (3, 4, 4), (2, 3, 4, 3)]
)
def test_pictures_of_every_mode(codec: Codec, shape: tuple[int, ...]) -> None:
    array = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    if shape[-1] in (2, 4):
        array[..., -1] = 255 * (array[..., -1] > 99)
    data = codec.compress(array, level=1, max_error=3)
    restored = codec.decompress_array(data).reshape(array.shape)
    assert np.abs(restored.astype(int) - array).max() == 3
    if shape[-1] in (2, 4):
        assert np.array_equal(restored[..., -1], array[..., -1])
    codes = codec.decoder.codes(data)
    assert np.array_equal(codes, codec.decoder.codes(aecodec.trim(data)))
    assert aecodec.trim(data) == codec.compress(array, level=1)


def test_equal_channels_and_profiles(codec: Codec) -> None:
    """RGB with equal channels is coded once; a profile stays if the colours need it."""
    grey = np.arange(30, dtype=np.uint8).reshape(5, 6)
    array = np.repeat(grey[..., None], 3, -1)
    data = codec.compress(array, level=1, max_error=0)
    assert np.array_equal(codec.decompress_array(data), array)
    compressed = codec.compress_picture(grey, level=1, max_error=0)
    assert repr(compressed).endswith("6x5 L, codec digits at level 1, lossless)")
    assert "<img" in compressed._repr_html_()


def test_a_profile_that_changes_colours_is_kept(codec: Codec) -> None:
    picture = aecodec.Picture(
        np.full((1, 4, 4, 3), 90, np.uint8),
        metadata={MetadataKind.ICC: profiles.rgb(profiles.ADOBE_RGB)},
    )
    header = aecodec.read_header(codec.compress(picture, level=1, max_error=0))
    assert MetadataKind.ICC in header.metadata


def test_samples_beyond_the_limits_do_not_warn(bands: dict[int, Codec]) -> None:
    array = np.array([[-30000, 7, 30000]], np.int16)
    data = bands[1].compress(array, level=2, max_error=0)
    np.testing.assert_array_equal(bands[1].decompress_array(data), array)
    assert "<img" in bands[1].compress_picture(array, max_error=0)._repr_html_()


def test_samples_that_would_look_missing_are_counted(bands: dict[int, Codec]) -> None:
    array = (np.arange(40, dtype=np.int16) % 7).reshape(5, 8)
    with pytest.warns(AecodecWarning, match="known samples decode to 0, the value of missing"):
        data = bands[1].compress(array, level=1, max_error=1, nodata=0)
    restored = bands[1].decompress_array(data)
    assert np.count_nonzero(restored == 0) > np.count_nonzero(array == 0)


def test_frames_of_refined_files(codec: Codec, tmp_path: Path) -> None:
    array = np.random.default_rng(0).integers(0, 256, (3, 4, 5, 1), np.uint8)
    path = tmp_path / "a.aec"
    for level in (1, None):
        data = codec.compress(array, level=level, max_error=0)
        path.write_bytes(data)
        frames = aecodec.frames(path, codec)
        assert len(frames) == 3
        assert np.array_equal(frames[[2, 0]], array[[2, 0], ..., 0])
        if level:
            assert len(frames.codes[1])
        else:
            with pytest.raises(UsageError, match="neither codes nor a base"):
                frames.codes[1]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"max_error": -1}, "give a number from 0"),
        ({"max_error": float("nan")}, "give a number from 0"),
        ({"max_error": "a lot"}, "give a number from 0"),
        ({"max_error": b"4"}, "give a number from 0"),
        ({"max_error": True}, "give a number from 0"),
        ({"max_error": 10**400}, "give a number from 0"),
        ({"max_error": range(16, -1, -1)}, "at most 16 refinements"),
        ({"max_error": [3, None]}, "give a number from 0"),
        ({"max_error": ()}, "is empty"),
        ({"max_error": (4, 16)}, "coarsest error first"),
        ({"max_error": ("1%", "1%")}, "coarsest error first"),
        ({"max_error": ("1sqrt", "1sqrt")}, "coarsest error first"),
        ({"max_error": (4, "1sqrt")}, "can only be combined"),
        ({"max_error": ("1sqrt", 4)}, "can only be combined"),
        ({"max_error": {"1": "1sqrt", "2": 4}}, "can only be combined"),
        ({"max_error": [{"1": 4, "2": 3}, {"1": 3, "2": 4}]}, "coarsest error first"),
        ({"max_error": [{"1": 4, "2": 3}, 4]}, "coarsest error first"),
        ({"max_error": {"1": -4}}, "give a number from 0"),
        ({"max_error": {1: 4}}, "the name of each band"),
        ({"max_error": 1, "max_bytes": 99}, "exclude each other"),
    ],
)
def test_impossible_errors_are_rejected(options: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Target(**options)


def test_percentages_that_are_finer_than_the_next_error_are_rejected(codec: Codec) -> None:
    picture = np.arange(784, dtype=np.uint8).reshape(28, 28)
    with pytest.raises(UsageError, match="give the coarsest error first"):
        codec.compress(picture, max_error=["1%", 5])


def test_trim_rejects_errors_that_a_file_does_not_guarantee(codec: Codec) -> None:
    picture = np.zeros((4, 4), np.uint8)
    data = codec.compress(picture, level=1, max_error=(8, 2))
    assert aecodec.trim(data, 5) == aecodec.trim(data, 2) == data
    assert len(aecodec.trim(data, 9)) == len(aecodec.trim(data, 8)) < len(data)
    for file, error, message in (
        (data, 1, "guarantees 2"),
        (data, "9sqrt", "guarantees 2, not a maximum error of 9sqrt"),
        (data, "9%", "do not store the range"),
        (aecodec.trim(data), 1, "no maximum error"),
    ):
        with pytest.raises(UsageError, match=message):
            aecodec.trim(file, error)


def test_small_files_cannot_claim_huge_pictures(codec: Codec) -> None:
    header, _ = unpack(codec.compress(np.zeros((4, 4), np.uint8), max_error=0))
    first = Part()
    bomb = pack(header._replace(size=(1 << 14, 1 << 13)), b"", [first])
    nested = [first._replace(base_checksum=0)] * 9
    for data in (bomb, pack(header._replace(size=(1400, 1400)), b"", [first, *nested])):
        with pytest.raises(LimitError, match="decompression bomb"):
            codec.decompress_frames(data)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("base", "differs from the encoder's"),
        ("two_bounds", "a refinement has fields"),
    ],
)
def test_refinements_that_do_not_fit_are_explained(name: str, message: str) -> None:
    with pytest.raises(AecodecError, match=message):
        aecodec.decompress((REFUSED / f"refined_{name}.aec").read_bytes())


@pytest.mark.parametrize("options", [{"max_error": 0}, {"lossless": True}])
def test_pillow_saves_and_opens_refined_files(tmp_path: Path, options: dict[str, int]) -> None:
    from aecodec.pillow import AecImageFile

    image = Image.fromarray(np.arange(30, dtype=np.uint8).reshape(5, 6))
    image.save(tmp_path / "a.aec", codec="digits", **options)
    with Image.open(tmp_path / "a.aec") as opened:
        assert isinstance(opened, AecImageFile)
        assert opened.tobytes() == image.tobytes()
