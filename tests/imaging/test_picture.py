"""Which arrays become pictures."""

from __future__ import annotations

import numpy as np
import pytest

from aecodec.errors import AecodecWarning, ImageError
from aecodec.imaging.picture import from_array


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros((28, 28)), "float64"),
        (np.zeros((2, 3, 4, 5), np.uint8), "shape"),
        (np.zeros((0, 28, 28), np.uint8), "shape"),
        (np.zeros(28, np.uint8), "shape"),
    ],
)
def test_arrays_that_are_no_pictures_are_refused(array: np.ndarray, message: str) -> None:
    with pytest.raises(ImageError, match=message):
        from_array(array)


@pytest.mark.parametrize("shape", [(64, 64, 13), (100, 80, 5), (145, 145, 200), (610, 340, 103)])
def test_arrays_that_may_have_bands_are_refused(shape: tuple[int, ...]) -> None:
    array = np.zeros(shape, np.uint8)
    with pytest.raises(ImageError, match=rf"{shape[0]} grey pictures.*{shape[2]} bands"):
        from_array(array)
    assert from_array(array[..., None]).frames == shape[0]
    assert from_array(np.moveaxis(array, -1, 0)[..., None]).frames == shape[2]


@pytest.mark.parametrize("shape", [(1797, 8, 8), (5, 28, 28), (30, 48, 64), (9, 64, 48)])
def test_grey_frames_need_no_axis_of_channels(shape: tuple[int, ...]) -> None:
    assert from_array(np.zeros(shape, np.uint8)).frames == shape[0]


def test_three_grey_frames_that_may_be_planes_of_a_picture_are_announced() -> None:
    planes = np.zeros((3, 64, 90), np.uint8)
    with pytest.warns(AecodecWarning, match="stored as three grey pictures"):
        assert from_array(planes).frames == 3
    assert from_array(planes[..., None]).frames == 3


def test_a_fourth_channel_that_hardly_is_opacity_is_announced() -> None:
    bands = np.full((8, 8, 4), 99, np.uint8)
    with pytest.warns(AecodecWarning, match="stored as opacity"):
        assert from_array(bands).alpha is not None
    bands[:, :5, 3] = 255
    assert from_array(bands).alpha is not None
