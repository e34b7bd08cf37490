"""Files of a wanted size or quality."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.codecs.band_codecs import band_codec
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

import aecodec
from aecodec import Codec, Picture, Target, UsageError, metrics
from aecodec.base.arrays import Pixels
from aecodec.codec import rate_control
from aecodec.codec.rate_control import REDUCTIONS, level_indices
from aecodec.format.container import LARGE_PICTURE, NOT_REDUCED
from aecodec.imaging.array_pictures import from_array


@pytest.fixture
def picture(samples: Pixels) -> Picture:
    return from_array(samples[3])


def test_bytes_are_used_but_never_exceeded(codec: Codec, picture: Picture) -> None:
    sizes = [len(codec.compress(picture, level=level)) for level in (1, 2, 3)]
    for most in range(sizes[0], sizes[-1] + 3):
        expected = max(size for size in sizes if size <= most)
        assert len(codec.compress(picture, max_bytes=most)) == expected


def test_the_smallest_file_of_a_quality(codec: Codec, picture: Picture) -> None:
    files = [codec.compress(picture, level=level) for level in (1, 2, 3)]
    qualities = [
        metrics.psnr(metrics.mse(picture.pixels[0, ..., 0], np.asarray(codec.decompress(file))))
        for file in files
    ]
    assert qualities == sorted(qualities)
    for file, quality in zip(files, qualities, strict=True):
        assert codec.compress(picture, min_psnr=quality - 0.01) == file


@pytest.mark.parametrize(("level", "large"), [(2, LARGE_PICTURE), (5, 1)])
def test_a_smooth_picture_is_reduced_for_fewer_bytes(
    photo: Codec, photograph: Pixels, monkeypatch: pytest.MonkeyPatch, level: int, large: int
) -> None:
    """At a level of the upper half, only if it is large."""
    monkeypatch.setattr(rate_control, "LARGE_PICTURE", large)
    image = Image.fromarray(photograph[100:164, 200:264]).resize(
        (384, 384), Image.Resampling.BICUBIC
    )
    smooth = np.asarray(image)
    whole = photo.compress(smooth, level=level)
    least = metrics.psnr(metrics.mse(smooth, np.asarray(photo.decompress(whole))))
    reduced = photo.compress(smooth, min_psnr=least)
    assert len(reduced) < 0.9 * len(whole)
    assert metrics.psnr(metrics.mse(smooth, np.asarray(photo.decompress(reduced)))) >= least


@settings(max_examples=20)
@given(st.tuples(*[st.integers(0, 255)] * 3), st.integers(1, 8))
def test_flat_pictures_reach_the_level_whose_files_fit(colour: tuple[int, ...], last: int) -> None:
    photo = aecodec.load_codec("photo")
    flat = from_array(np.full((96, 96, 3), colour, np.uint8))
    most = max(len(photo.compress(flat, level=level)) for level in range(1, last + 1))
    limited = photo.compress_picture(flat, Target(max_bytes=most))
    assert limited.level >= last or limited.reduction > NOT_REDUCED


@pytest.fixture
def bands(tmp_path: Path) -> Codec:
    return Codec(band_codec(tmp_path, [(0, 100)] * 3))


@pytest.mark.parametrize("name", ["photo", "codec", "bands"])
def test_beyond_the_last_level_a_file_has_a_maximum_error(
    request: pytest.FixtureRequest, photograph: Pixels, name: str
) -> None:
    codec: Codec = request.getfixturevalue(name)
    part, errors, is_scene = photograph[:28, :28], [], name == "bands"
    picture = (part / 3).astype(np.float32) if is_scene else part[..., : codec.spec.channels]
    for least in (70, 90, 400) if is_scene else (44, 48, 99):
        data = codec.compress(picture, min_psnr=least)
        restored = codec.decompress_array(data).reshape(picture.shape)
        assert is_scene or metrics.psnr(metrics.mse(picture, restored)) >= least
        errors.append(aecodec.read_header(data).refinements[-1].largest_bound.error)
        assert abs(restored * 1.0 - picture).max() <= errors[-1]
    assert errors[0] > errors[1] > errors[2] == 0


@pytest.mark.parametrize("colour", [0, 128, 255, (90, 140, 200), (249, 45, 229), (38, 255, 48)])
def test_a_picture_of_one_colour_costs_nearly_nothing(photo: Codec, colour: Any) -> None:
    picture = from_array(np.full((512, 512, 3), colour, np.uint8))
    encoded = photo.encoder.encode(photo.encoder.original(picture, metadata=False))
    sizes = [len(encoded.file(level)) for level in range(16, 129, 8)]
    assert max(sizes) <= 70, "bytes: 0.3 bits per vector and the header"


def test_a_tiny_picture_has_no_score(photo: Codec, photograph: Pixels) -> None:
    with pytest.raises(UsageError, match="too small for a score in SSIMULACRA2"):
        photo.compress(photograph[:7, :40], min_ssimulacra2=20)


@pytest.mark.parametrize("name", ["level", "max_bytes", "min_psnr", "min_ssimulacra2"])
@pytest.mark.parametrize("value", [math.nan, "2", [2], 1j])
def test_a_target_is_a_number(codec: Codec, digits: Pixels, name: str, value: Any) -> None:
    with pytest.raises(UsageError, match=f"{name} is .*: use a number"):
        codec.compress(digits[0], **{name: value})


@pytest.mark.parametrize("level", [0, 4, -1, math.inf, 2**63, 10**400, "2"])
def test_other_levels_are_rejected(codec: Codec, digits: Pixels, level: Any) -> None:
    with pytest.raises(UsageError, match=r"codec digits has levels 1 \(smallest file\) to 3"):
        codec.encoder.codes(digits[:1, ..., None], level)
    assert codec.compress(digits[0], max_bytes=2**63) == codec.compress(digits[0], level=3)


def test_a_target_makes_the_file_that_its_attributes_make(photo: Codec, photograph: Pixels) -> None:
    crop = photograph[:64, :64]
    targets = {"level": 2.5, "max_bytes": 300, "min_psnr": 25, "min_ssimulacra2": 30}
    for options in ({}, *({name: value} for name, value in targets.items())):
        file = photo.compress(crop, Target(**options))
        assert file == photo.compress(crop, **options) == aecodec.compress(crop, photo, **options)
        assert file == photo.compress_picture(crop, **options).data
    assert metrics.ssimulacra2(crop, np.asarray(photo.decompress(file))) >= 30
    with pytest.raises(UsageError, match="target and level cannot be combined"):
        photo.compress(crop, Target(max_bytes=300), level=1)


def test_of_few_bytes_the_file_most_like_the_picture_is_made(
    photo: Codec, photograph: Pixels
) -> None:
    original, similarity = photo.encoder.original(from_array(photograph), metadata=False), {}
    levels = level_indices(photo.spec)
    for reduction in REDUCTIONS:
        encoded = photo.encoder.encode(original, reduction)
        fitting = [file for level in levels if len(file := encoded.file(level)) <= 500]
        if fitting:
            file = fitting[-1]
            similarity[file] = metrics.ms_ssim(photograph, np.asarray(photo.decompress(file)))
    assert len(similarity) >= 4
    assert similarity[photo.compress(photograph, max_bytes=500)] == max(similarity.values())
