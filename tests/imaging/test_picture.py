"""Arrays become pictures or are refused, and pictures of one size can be stacked."""

from __future__ import annotations

import numpy as np
import pytest

from aecodec.errors import ImageError
from aecodec.imaging.picture import from_array, stack


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


def test_pictures_of_one_size_are_stacked_and_others_refused() -> None:
    small, large = (from_array(np.zeros((n, n), np.uint8)) for n in (3, 4))
    assert stack([small, small]).frames == 2
    coloured = from_array(np.repeat(small.pixels[0], 3, axis=2))
    both = stack([small, coloured])
    assert both.mode.name == "RGB"
    assert (both.pixels[0] == both.pixels[1]).all()
    with pytest.raises(ImageError, match="3x3 L, 4x4 L"):
        stack([small, large])
