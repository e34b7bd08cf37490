"""Pillow images and image files become pictures, and come back, by the rule of each mode."""

from __future__ import annotations

import io
import random
import re
import warnings

import numpy as np
import pytest
from image_files import profiles
from image_files.odd_pictures import (
    DEEP,
    GREY_18,
    P3,
    PRESS,
    cmyk,
    deep_png,
    deep_ppm,
    grey,
    rgb,
    saved,
)
from PIL import Image

from aecodec.arrays import Pixels
from aecodec.errors import AecodecWarning, ImageError
from aecodec.format.container import MetadataKind, Mode
from aecodec.image_files.colour import in_kept_colours, is_srgb
from aecodec.image_files.reading import from_pil, read_image
from aecodec.image_files.writing import to_pil
from aecodec.imaging.picture import Picture


def check_pil_round_trip(image: Image.Image) -> Picture:
    """Check that an image comes back unchanged, and return the picture in between."""
    picture = from_pil(image)
    (back,) = to_pil(picture)
    assert back.mode == image.mode
    assert back.tobytes() == image.tobytes()
    return picture


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA"])
def test_modes_of_the_format_are_taken_as_they_are(mode: str, photograph: Pixels) -> None:
    image = Image.fromarray(photograph[:50, :70]).convert(mode)
    if mode.endswith("A"):
        image.putalpha(Image.linear_gradient("L").resize(image.size))
    assert check_pil_round_trip(image).mode.name == mode


def test_black_and_white_palette_and_transparent_colours_keep_their_meaning() -> None:
    assert from_pil(Image.new("1", (3, 2), 1)).pixels.tolist() == [[[[255]] * 3] * 2]
    palette = Image.new("P", (3, 2), 1)
    palette.putpalette([0, 0, 0, 10, 20, 30])
    assert from_pil(palette).pixels[0, 0, 0].tolist() == [10, 20, 30]
    palette.info["transparency"] = 1
    picture = from_pil(palette)
    assert picture.mode.name == "RGBA"
    assert picture.alpha is not None
    assert not picture.alpha.any()


def test_other_colour_spaces_are_converted_with_a_warning() -> None:
    with pytest.warns(AecodecWarning, match="CMYK was converted"):
        assert from_pil(Image.new("CMYK", (3, 2), (9, 99, 5, 0))).mode.name == "RGB"


@pytest.mark.parametrize("mode", ["I;16", "I", "F"])
def test_images_of_more_than_8_bits_are_refused(mode: str) -> None:
    with pytest.raises(ImageError, match="8 bits"):
        from_pil(Image.new(mode, (3, 2)))


@pytest.mark.parametrize("channels", [3, 4])
def test_png_files_with_16_bits_per_colour_are_refused(channels: int) -> None:
    """Pillow opens these files as RGB and RGBA."""
    with pytest.raises(ImageError, match="more than 8 bits"):
        read_image(io.BytesIO(deep_png(np.zeros((2, 4, channels), np.uint16))))


def test_orientation_is_applied_and_metadata_is_kept() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # rotated by 90 degrees
    file = io.BytesIO()
    image = Image.new("RGB", (30, 20), (1, 2, 3))
    image.save(file, "PNG", exif=exif, icc_profile=b"profile")
    picture = read_image(io.BytesIO(file.getvalue()))
    assert picture.size == (20, 30)
    assert picture.metadata[MetadataKind.ICC] == b"profile"


def test_a_profile_stays_with_equal_channels_and_goes_with_other_colour_spaces() -> None:
    """The colours of CMYK are those of its profile no more, once they are converted."""
    equal, press = Image.new("RGB", (3, 2)), Image.new("CMYK", (3, 2))
    equal.info["icc_profile"], press.info["icc_profile"] = profiles.srgb(), profiles.cmyk()
    assert from_pil(equal).metadata == {MetadataKind.ICC: profiles.srgb()}
    with pytest.warns(AecodecWarning, match="with its colour profile"):
        assert from_pil(press).metadata == {}


@pytest.mark.parametrize("file_format", ["GIF", "TIFF"])
def test_a_damaged_animation_raises_only_image_errors(file_format: str, photograph: Pixels) -> None:
    file = io.BytesIO()
    frames = [Image.fromarray(photograph[n : n + 20, :30]) for n in (0, 100, 200)]
    frames[0].save(file, file_format, save_all=True, append_images=frames[1:])
    whole = file.getvalue()
    refused = 0
    for length in range(0, len(whole), 17):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                read_image(io.BytesIO(whole[:length]))
        except ImageError:
            refused += 1
    assert refused > len(whole) / 17 / 2


EVERY_VALUE = np.arange(65536, dtype=np.uint16).reshape(256, 256)


def test_16_bits_are_divided_by_257_and_rounded() -> None:
    pixels = read_image(io.BytesIO(deep_png(EVERY_VALUE[..., None])), DEEP).pixels
    assert (pixels.reshape(-1) == np.rint(np.arange(65536) / 257)).all()


def test_16_bits_of_colours_are_less_than_one_level_from_that() -> None:
    """Pillow cuts them to their upper byte."""
    colours = np.repeat(EVERY_VALUE[..., None], 3, axis=-1)
    for content in (deep_png(colours), deep_ppm(colours)):
        pixels = read_image(io.BytesIO(content), DEEP).pixels[0, ..., 0].reshape(-1)
        assert np.abs(pixels - np.arange(65536) / 257).max() < 1


@pytest.mark.parametrize(
    "content", [deep_png(np.zeros((2, 2, 3), np.uint16)), deep_ppm(np.zeros((2, 2, 3), np.uint16))]
)
def test_colours_of_16_bits_are_refused_by_a_sentence_that_names_the_option(content: bytes) -> None:
    with pytest.raises(ImageError, match=re.escape("16 (mode")):
        read_image(io.BytesIO(content))


def test_floats_that_are_no_numbers_become_black_and_white() -> None:
    values = np.array([[np.nan, -np.inf, np.inf, -1.0, 1.0, 3.0]], np.float32)
    with pytest.warns(AecodecWarning, match="values from -1 to 3 were scaled"):
        picture = from_pil(Image.fromarray(values), DEEP)
    assert picture.pixels.reshape(-1).tolist() == [0, 0, 255, 0, 128, 255]


@pytest.mark.parametrize(
    ("profile", "image", "file_format"),
    [(P3, rgb, "PNG"), (GREY_18, grey, "PNG"), (PRESS, cmyk, "TIFF")],
)
def test_no_damage_of_a_profile_keeps_a_picture_from_being_read(
    profile: bytes, image: Image.Image, file_format: str
) -> None:
    chance = random.Random(5)
    for _ in range(25):
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
