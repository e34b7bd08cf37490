"""Tiles merge to the picture, and planes join to the picture, from which they were made."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from aecodec.arrays import Pixels
from aecodec.imaging import tiling
from aecodec.imaging.planes import from_planes, to_planes

pixel_arrays = hnp.arrays(
    np.uint8,
    st.tuples(st.integers(1, 3), st.integers(1, 9), st.integers(1, 9), st.sampled_from([1, 3])),
)


@given(pixel_arrays, st.integers(1, 5), st.integers(1, 5))
def test_tiles_merge_to_what_was_split(pixels: Pixels, height: int, width: int) -> None:
    tiles = tiling.split(pixels, (height, width))
    frames, rows, columns, _ = pixels.shape
    assert tiles.shape[1:3] == (height, width)
    assert (tiling.merge(tiles, frames, (columns, rows)) == pixels).all()


@pytest.mark.parametrize("codec_channels", [1, 3])
@given(pixels=pixel_arrays)
def test_planes_join_to_what_was_separated(codec_channels: int, pixels: Pixels) -> None:
    planes = to_planes(pixels, codec_channels)
    assert planes.shape[-1] == codec_channels
    frames, channels = pixels.shape[0], pixels.shape[-1]
    assert (from_planes(planes, frames, channels) == pixels).all()
