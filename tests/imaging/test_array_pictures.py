"""Samples of any type: arrays as pictures, transfer and missing samples."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aecodec.base.errors import AecodecWarning, ImageError
from aecodec.format.arrays import BAND_TYPES
from aecodec.imaging.array_pictures import from_array, samples_picture
from aecodec.imaging.picture import Picture
from aecodec.imaging.transfer import PHASES, SCALE, Transfer, from_phases, to_phases
from aecodec.native.writing import fill_missing

DTYPES = [np.dtype(kind.dtype) for kind in BAND_TYPES]
rngs = st.integers(0, 2**32).map(np.random.default_rng)


@given(rngs, st.sampled_from(DTYPES), st.sampled_from(PHASES))
def test_a_sample_gets_the_value_whose_sample_is_nearest(
    rng: np.random.Generator, dtype: np.dtype[Any], phases: int
) -> None:
    steps = np.sort(rng.random(255 * phases - 1) ** rng.integers(1, 9))
    table = np.rint(SCALE * np.concatenate([[0], steps, [1]])).astype(np.uint16)
    low, high = (rng.integers([-300, 60], [50, 600]) / rng.choice([1, 7])).tolist()
    transfer = Transfer(np.array([[low, high]]), table[None])
    levels, limits = transfer.levels(dtype)[0], transfer.limits_of(dtype)[0]
    array = np.concatenate([levels, (levels[1:] / 2 + levels[:-1] / 2).astype(dtype)])
    values = transfer.to_values(array.reshape(1, 1, -1, 1))
    exact = limits[0] + (limits[1] - limits[0]) * (table / SCALE)
    distances = np.abs(exact - array[:, None].astype(np.float64))
    chosen = distances[np.arange(len(array)), values.ravel()]
    np.testing.assert_allclose(chosen, distances.min(axis=1), rtol=0, atol=1e-9)
    lower = np.maximum(values.ravel(), 1) - 1
    assert (table[lower] < table[values.ravel()])[values.ravel() > 0].all()
    np.testing.assert_array_equal(from_phases(to_phases(values, phases), phases), values)


@given(rngs, st.booleans())
def test_missing_values_are_filled_from_known_ones(
    rng: np.random.Generator, has_planes: bool
) -> None:
    values = rng.integers(0, 1021, (2, *rng.integers(1, 20, 2), 3)).astype(np.uint16)
    mask = rng.random((*values.shape[:-1], 3 if has_planes else 1)) < rng.random()
    original, known = values.copy(), np.broadcast_to(~mask, values.shape)
    fill_missing(Picture(values, missing=mask), values)
    assert (values[known] == original[known]).all()
    for plane, old, is_known in zip(
        *(np.moveaxis(a, -1, 1).reshape(6, -1) for a in (values, original, known)), strict=True
    ):
        low, high = (old[is_known].min(), old[is_known].max()) if is_known.any() else (0, 0)
        assert low <= plane.min() <= plane.max() <= high or is_known.all()


@pytest.mark.parametrize(
    ("array", "options", "message"),
    [
        (np.zeros((2, 2), np.longdouble), {}, "array.astype\\(np.float32\\)"),
        (np.zeros((2, 2), bool), {}, "array.astype\\(np.uint8\\)"),
        (np.zeros((2, 2), np.complex64), {}, "real and imaginary parts as bands"),
        (np.zeros((2, 0), np.int16), {}, "has no samples"),
        (np.zeros((2, 2, 257), np.int16), {}, "more than 256 bands"),
        (np.zeros(4, np.int16), {}, "is not a picture"),
        (np.zeros((2, 2), np.int16), {"band_axis": 0}, "is not a picture"),
        (np.zeros((2, 2, 2, 2), np.int16), {"band_axis": 0}, "bands in axis 0"),
        (np.zeros((2, 2), np.uint8), {"nodata": -9999}, "which uint8 cannot hold"),
        (np.zeros((2, 2), np.int64), {"nodata": 2**53 + 1}, "which int64 cannot hold"),
        (np.zeros((2, 2), np.float16), {"nodata": "none"}, "use a number"),
        (np.full((2, 2), np.inf, np.float32), {}, "4 samples are infinite"),
        (np.full((2, 2), -np.inf, np.float32), {"nodata": np.inf}, "4 samples are infinite"),
    ],
)
def test_arrays_that_codecs_do_not_take_are_rejected(
    array: Any, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ImageError, match=message):
        samples_picture(array, **options)


def test_arrays_that_are_no_pictures_are_refused() -> None:
    with pytest.raises(ImageError, match="float64"):
        from_array(np.zeros((28, 28)))
    for shape in ((2, 3, 4, 5), (0, 28, 28), (28,)):
        with pytest.raises(ImageError, match="shape"):
            from_array(np.zeros(shape, np.uint8))


@pytest.mark.parametrize("shape", [(64, 64, 13), (100, 80, 5), (610, 340, 103)])
def test_arrays_that_may_have_bands_are_refused(shape: tuple[int, ...]) -> None:
    array = np.zeros(shape, np.uint8)
    with pytest.raises(ImageError, match=rf"{shape[0]} grey pictures.*{shape[2]} bands"):
        from_array(array)
    assert from_array(array[..., None]).frames == shape[0]


@pytest.mark.parametrize("shape", [(1797, 8, 8), (30, 48, 64), (9, 64, 48)])
def test_grey_frames_need_no_axis_of_channels(shape: tuple[int, ...]) -> None:
    assert from_array(np.zeros(shape, np.uint8)).frames == shape[0]


def test_frames_that_may_be_planes_and_alpha_that_may_be_a_band_are_announced() -> None:
    planes, bands = np.zeros((3, 64, 90), np.uint8), np.full((8, 8, 4), 99, np.uint8)
    with pytest.warns(AecodecWarning, match="stored as three grey pictures"):
        assert from_array(planes).frames == 3
    with pytest.warns(AecodecWarning, match="stored as opacity"):
        assert from_array(bands).alpha is not None
