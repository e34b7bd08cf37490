"""Files of a wanted size or quality."""

from __future__ import annotations

import numpy as np
import pytest

from aecodec import Codec, Picture, UsageError, metrics
from aecodec.arrays import Pixels
from aecodec.imaging.picture import from_array


@pytest.fixture
def picture(samples: Pixels) -> Picture:
    return from_array(samples[3])


def sizes_of(codec: Codec, picture: Picture) -> list[int]:
    return [len(codec.compress(picture, level=level)) for level in (1, 2, 3)]


def test_bytes_are_used_but_never_exceeded(codec: Codec, picture: Picture) -> None:
    sizes = sizes_of(codec, picture)
    for most in range(sizes[0], sizes[-1] + 3):
        expected = max(size for size in sizes if size <= most)
        assert len(codec.compress(picture, max_bytes=most)) == expected


def test_no_file_is_small_enough(codec: Codec, picture: Picture) -> None:
    with pytest.raises(UsageError, match="no file of 12 bytes: the smallest"):
        codec.compress(picture, max_bytes=12)


def test_the_smallest_file_of_a_quality(codec: Codec, picture: Picture) -> None:
    files = [codec.compress(picture, level=level) for level in (1, 2, 3)]
    qualities = [
        metrics.psnr(metrics.mse(picture.pixels[0, ..., 0], np.asarray(codec.decompress(file))))
        for file in files
    ]
    assert qualities == sorted(qualities)
    for file, quality in zip(files, qualities, strict=True):
        assert codec.compress(picture, min_psnr=quality - 0.01) == file


def test_no_level_is_good_enough(codec: Codec, picture: Picture) -> None:
    with pytest.raises(UsageError, match="no level gives 60 dB"):
        codec.compress(picture, min_psnr=60)
