"""Colour profiles are used where they serve, and damaged ones harm nothing."""

from __future__ import annotations

import io
import random
import warnings

import numpy as np
import pytest
from image_files import profiles
from image_files.odd_pictures import GREY_18, P3, PRESS, cmyk, grey, rgb, saved
from PIL import Image

from aecodec.format.container import Mode
from aecodec.image_files.colour import in_kept_colours, is_srgb
from aecodec.image_files.reading import read_image


@pytest.mark.parametrize(
    ("profile", "image", "file_format"),
    [(P3, rgb, "PNG"), (GREY_18, grey, "PNG"), (PRESS, cmyk, "TIFF")],
)
def test_no_damage_of_a_profile_keeps_a_picture_from_being_read(
    profile: bytes, image: Image.Image, file_format: str
) -> None:
    chance = random.Random(5)
    for _ in range(60):
        damaged = bytearray(profile)
        for _ in range(chance.choice((1, 3, 20))):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        content = saved(image, file_format, icc_profile=bytes(damaged))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            picture = in_kept_colours(read_image(io.BytesIO(content)), {})
        assert picture.size == image.size


def test_srgb_is_told_from_other_profiles() -> None:
    assert is_srgb(profiles.srgb(), Mode.RGB)
    assert not is_srgb(P3, Mode.RGB)
    assert not is_srgb(profiles.rgb(profiles.ADOBE_RGB), Mode.RGBA)
    assert not is_srgb(GREY_18, Mode.L)


def test_alpha_stays_as_it_is_where_colours_are_converted() -> None:
    image = rgb.copy()
    image.putalpha(Image.linear_gradient("L").resize(image.size))
    picture = read_image(io.BytesIO(saved(image, icc_profile=P3)))
    converted = in_kept_colours(picture, {})
    assert np.array_equal(converted.alpha, picture.alpha)
    assert not np.array_equal(converted.pixels, picture.pixels)
