"""Files with a maximum error: the bound holds for every known sample, also for trimmed files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.arrays import Array, arrays, check_errors
from helpers.codecs.band_codecs import band_codec
from helpers.writer import Part, pack, unpack
from hypothesis import given
from hypothesis import strategies as st
from image_files import profiles

import aecodec
from aecodec import Codec, LimitError, Target, UsageError
from aecodec.format.arrays import BAND_TYPES
from aecodec.format.container import MetadataKind

MOST = 1020
"""Largest sample between the limits of the codecs with bands."""


@pytest.fixture(scope="module")
def bands(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Codec]:
    path = tmp_path_factory.mktemp("codecs")
    return {n: Codec(band_codec(path / str(n), [(0, MOST)] * n, 4)) for n in (1, 3)}


SHAPES = st.tuples(st.integers(1, 6), st.integers(1, 6), st.just(3)) | st.tuples(
    st.integers(1, 6), st.integers(1, 6)
)
NUMBERS = [0, 1, 2.5, 100, 1e-3, 1e-30, 1e30, "0.7%", "20%"]
ROOTS = ["0sqrt", "0.01sqrt", "0.5sqrt", "1sqrt", "40sqrt", "9999sqrt"]
ERRORS = (
    st.sampled_from([*NUMBERS, "9e307%", (40, 3, 0), ("9%", 0)])
    | st.sampled_from([*ROOTS, *((root, 0) for root in ROOTS[1:])])
    | st.lists(st.sampled_from(NUMBERS), min_size=3, max_size=3)
)
"""Errors of all bands, several of them as tuples, and lists of the errors of three bands."""


@given(arrays(BAND_TYPES, SHAPES), ERRORS, st.booleans(), st.sampled_from([1, 2]))
def test_no_sample_exceeds_its_bound(
    bands: dict[int, Codec], array: Array, error: Any, is_nested: bool, level: int
) -> None:
    codec, errors = bands[3 if array.ndim == 3 else 1], error
    if isinstance(error, list):
        by_name = dict(zip(codec.spec.bands.names, error, strict=False))
        errors = [dict.fromkeys(by_name, 1e300), by_name] if is_nested else by_name
    is_small_integer = array.dtype.kind != "f" and array.dtype.itemsize <= 2
    if "sqrt" in str(error) and error != "0sqrt" and not is_small_integer:
        with pytest.raises(UsageError, match="not 8-bit or 16-bit integers"):
            codec.compress(array, level=level, max_error=errors)
        return
    data = codec.compress(array, level=level, max_error=errors)
    restored = codec.decompress_array(data)
    last = error if isinstance(error, list) else [np.ravel(np.array(error, object))[-1]]
    check_errors(array, restored, 1e300)
    for number, bound in enumerate(last[: len(codec.spec.bands.names)]):
        band = (..., number) if array.ndim == 3 and len(last) > 1 else ...
        check_errors(array[band], restored[band], bound)
    for part in aecodec.read_header(data).refinements:
        bound = part.largest_bound.json
        check_errors(array, codec.decompress_array(aecodec.trim(data, bound)), bound)
    base = codec.decompress_array(data, base_only=True)
    np.testing.assert_array_equal(codec.decompress_array(aecodec.trim(data)), base)


@pytest.mark.parametrize(
    ("errors", "message"),
    [
        ({"1": 4}, "some errors are missing: set an error for each of the bands 1, 2, 3"),
        ([{"1": "9%", "2": 9, "3": 9}, {"1": 9, "2": 30, "3": 9}], "largest error first"),
        ([{"1": "9%", "2": 30, "3": 30}, 27], "which is 18/30/30, 27"),
    ],
)
def test_errors_of_bands_that_do_not_fit_are_rejected(
    codec: Codec, errors: Any, message: str
) -> None:
    picture = np.zeros((4, 4, 3), np.uint8)
    picture[0, 0] = 200, 0, 9
    with pytest.raises(UsageError, match=message):
        codec.compress(picture, max_error=errors)


@pytest.mark.parametrize("dtype", ["u1", "i4", "f2", "f4"])
@pytest.mark.parametrize("shape", [(1, 1), (4, 6)])
def test_a_file_may_have_no_base(
    bands: dict[int, Codec], shape: tuple[int, int], dtype: str
) -> None:
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
        with pytest.raises(UsageError, match=r"has no (base|picture before)"):
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


def test_a_profile_that_changes_colours_is_kept(codec: Codec) -> None:
    picture = aecodec.Picture(
        np.full((1, 4, 4, 3), 90, np.uint8), metadata={MetadataKind.ICC: profiles.P3}
    )
    header = aecodec.read_header(codec.compress(picture, level=1, max_error=0))
    assert MetadataKind.ICC in header.metadata


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
            assert len(codec.decoder.codes(data))
        else:
            with pytest.raises(UsageError, match="no base picture and no codes"):
                codec.decoder.codes(data)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"max_error": float("nan")}, "use a number of at least 0"),
        ({"max_error": True}, "use a number of at least 0"),
        ({"max_error": range(16, -1, -1)}, "at most 16 refinements"),
        ({"max_error": ()}, "is empty"),
        ({"max_error": (4, 16)}, "largest error first"),
        ({"max_error": (4, "1sqrt")}, "ends with sqrt"),
        ({"max_error": {"1": "1sqrt", "2": 4}}, "ends with sqrt"),
        ({"max_error": [{"1": 4, "2": 3}, {"1": 3, "2": 4}]}, "largest error first"),
        ({"max_error": {1: 4}}, "use a mapping from band names"),
        ({"max_error": 1, "max_bytes": 99}, "cannot be combined"),
    ],
)
def test_impossible_errors_are_rejected(options: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Target(**options)


def test_trim_rejects_errors_that_a_file_does_not_guarantee(codec: Codec) -> None:
    picture = np.zeros((4, 4), np.uint8)
    data = codec.compress(picture, level=1, max_error=(8, 2))
    assert aecodec.trim(data, 5) == aecodec.trim(data, 2) == data
    assert len(aecodec.trim(data, 9)) == len(aecodec.trim(data, 8)) < len(data)
    for file, error, message in (
        (data, 1, "guarantees a maximum error of 2"),
        (data, "9sqrt", "guarantees a maximum error of 2, not of 9sqrt"),
        (data, "9%", "do not store the range"),
        (aecodec.trim(data), 1, "no refinements"),
    ):
        with pytest.raises(UsageError, match=message):
            aecodec.trim(file, error)


def test_small_files_cannot_claim_huge_pictures(codec: Codec) -> None:
    header, _ = unpack(codec.compress(np.zeros((4, 4), np.uint8), max_error=0))
    first = Part()
    bomb = pack(header._replace(size=(1 << 14, 1 << 13)), b"", [first])
    nested = [first._replace(base_checksum=0)] * 9
    for data in (bomb, pack(header._replace(size=(2600, 2600)), b"", [first, *nested])):
        with pytest.raises(LimitError, match="decompression bomb"):
            codec.decompress_frames(data)
