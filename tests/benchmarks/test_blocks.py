"""Steps at the borders of blocks, measured on real pictures that are cut into blocks."""

from __future__ import annotations

import numpy as np
import pytest

from aecodec.arrays import Pixels
from aecodec.evaluation.formats import AVIF, decode
from aecodec.imaging.resampling import resize
from benchmarks.anchors.pillow_formats import JPEG
from benchmarks.quality.blocks import blockiness


@pytest.fixture
def original(photograph: Pixels) -> Pixels:
    """The photograph at two thirds of its size, without the grid of the JPEG file that it was."""
    return resize(photograph[None], (426, 284))[0]


def in_blocks(picture: Pixels, side: int) -> Pixels:
    """Each block of a picture brighter by 0 to 6 grey levels."""
    rows, columns = (np.arange(length) // side for length in picture.shape[:2])
    shift = (rows[:, None] * 5 + columns * 3) % 7
    return np.clip(picture.astype(int) + shift[..., None], 0, 255).astype(np.uint8)


def test_a_photograph_has_no_blocks(original: Pixels) -> None:
    for border in (8, 16):
        assert blockiness([original], [original], border) == pytest.approx(1, abs=0.08)


def test_blocks_of_16_pixels_have_steps_at_their_borders(original: Pixels) -> None:
    blocks = in_blocks(original, 16)
    at_16, at_8 = (blockiness([original], [blocks], border) for border in (16, 8))
    assert at_16 > 1.5
    assert 1.1 < at_8 < at_16
    assert blockiness([original], [in_blocks(original, 7)], 16) == pytest.approx(1, abs=0.1)


def test_blocks_in_columns_alone_and_in_rows_alone_are_seen(original: Pixels) -> None:
    grey = original[..., 1]
    stripes = np.clip(grey + 6 * (np.arange(grey.shape[1]) // 16 % 2), 0, 255).astype(np.uint8)
    across, down = (
        blockiness([first], [second], 16)
        for first, second in ((grey, stripes), (grey.T, stripes.T))
    )
    assert across == pytest.approx(down)
    assert across > 1.3


def test_steps_where_the_original_has_edges_do_not_count() -> None:
    """The original rises by 1 per pixel up to column 80, and by 4 beyond."""
    row = np.concatenate([np.arange(80), 80 + 4 * np.arange(40)])
    original = np.tile(row, (64, 1)).astype(np.uint8)
    steep, even = original.copy(), original.copy()
    steep[:, 96:] += 9
    even[:, 64:] += 9
    none = blockiness([original], [original], 16)
    assert blockiness([original], [steep], 16) == none
    assert blockiness([original], [even], 16) > 2 * none


def test_jpeg_has_blocks_of_8_pixels(original: Pixels) -> None:
    poor, mild = (JPEG.at_quality(quality).round_trip(original)[1] for quality in (10, 75))
    assert blockiness([original], [poor], 8) > 2
    assert blockiness([original], [mild], 8) < blockiness([original], [poor], 8)


def test_a_file_no_smaller_is_the_smallest_that_is_not(photograph: Pixels) -> None:
    crop = photograph[:128, :128]
    sizes = [len(AVIF.at_quality(quality).encode(crop)) for quality in range(0, 101, 10)]
    file = AVIF.no_smaller(crop, sizes[4])
    assert sizes[3] <= len(file) <= sizes[4]
    assert decode(file, crop).shape == crop.shape
    assert len(AVIF.no_smaller(crop, 10**9)) == sizes[-1]
