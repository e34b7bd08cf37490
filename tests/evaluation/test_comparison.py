"""A comparison measures what a file decodes to, and warns of pictures unlike the training set."""

from __future__ import annotations

import numpy as np
import pytest

from aecodec.base.arrays import Pixels
from aecodec.base.errors import AecodecWarning
from aecodec.codec.codec import Codec
from aecodec.evaluation.comparison import FileComparison, compare_file
from aecodec.imaging.array_pictures import from_array
from aecodec.metrics import mse, psnr


def compared(
    codec: Codec, pixels: Pixels, level: int | None = None, source_size: int = 10**6
) -> FileComparison:
    picture = from_array(np.ascontiguousarray(pixels))
    return compare_file(codec, picture, codec.compress_picture(picture, level=level), source_size)


def test_a_familiar_picture_gives_no_warning(codec: Codec, samples: Pixels) -> None:
    measured = compared(codec, samples[3])
    file = codec.compress(samples[3])
    assert measured.is_in_distribution
    assert measured.size == len(file)
    assert measured.bpp == 8 * len(file) / samples[3].size
    restored = np.asarray(codec.decompress(file))
    assert measured.psnr == pytest.approx(psnr(mse(samples[3], restored)))


def test_an_unfamiliar_picture_gives_a_warning(codec: Codec, photograph: Pixels) -> None:
    with pytest.warns(AecodecWarning, match="codec digits was not trained on pictures like this"):
        assert not compared(codec, photograph[:56, :56]).is_in_distribution


@pytest.mark.parametrize("level", [1, 4, 8])
def test_a_photograph_full_of_detail_is_in_distribution(
    photo: Codec, photograph: Pixels, level: int
) -> None:
    parts = [
        photograph[y : y + 96, x : x + 96] for y in range(0, 321, 32) for x in range(0, 521, 32)
    ]
    detailed = max(parts, key=lambda part: np.square(np.diff(part.astype(float), axis=1)).mean())
    measured = compared(photo, detailed, level)
    assert measured.is_in_distribution
    assert measured.psnr is not None
    usual = photo.folder.measured["levels"][level - 1]["familiar_mse"]
    assert 255**2 / 10 ** (measured.psnr / 10) > usual


NOISE = np.random.default_rng(0).integers(0, 256, (160, 160, 3), np.uint8)


@pytest.mark.parametrize("level", [1, 4, 8])
@pytest.mark.parametrize("alien", [NOISE, NOISE[..., 0]])
def test_noise_is_unfamiliar_to_a_codec_for_photographs(
    photo: Codec, alien: Pixels, level: int
) -> None:
    with pytest.warns(AecodecWarning, match="codec photo was not trained on pictures like this"):
        compared(photo, alien, level)


def test_a_file_that_is_larger_than_its_source_gives_a_warning(
    codec: Codec, samples: Pixels
) -> None:
    with pytest.warns(AecodecWarning, match=r"more than the source \(9 bytes\): keep"):
        compared(codec, samples[3], source_size=9)
