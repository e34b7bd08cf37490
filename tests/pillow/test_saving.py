"""`save` of `.aec` files: the bytes of `aecodec.compress` in any mode, and metadata."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from helpers.images import saved
from image_files import profiles
from PIL import ExifTags, Image

import aecodec


@pytest.mark.parametrize(
    ("options", "same"),
    [
        ({}, {}),
        ({"codec": "photo", "level": 2.5}, {}),
        ({"codec": aecodec.load_codec("photo")}, {}),
        ({"max_bytes": 40}, {}),
        ({"min_psnr": 24}, {}),
        ({"metadata": True}, {}),
        ({"max_error": 3}, {}),
        ({"lossless": True}, {"max_error": 0}),
    ],
)
def test_the_options_are_those_of_compress(
    digit: Image.Image, options: dict[str, Any], same: dict[str, Any]
) -> None:
    assert saved(digit, **options).getvalue() == aecodec.compress(digit, **(same or options))


def test_files_of_every_kind_are_written(digit: Image.Image, tmp_path: Path) -> None:
    expected = aecodec.compress(digit)
    for path in (tmp_path / "a.aec", str(tmp_path / "B.AEC")):
        digit.save(path)
        assert Path(path).read_bytes() == expected
    digit.save(tmp_path / "c.bin", format="aec")
    with (tmp_path / "d.aec").open("wb") as file:
        digit.save(file)
        assert file.tell() == len(expected)
    assert (tmp_path / "c.bin").read_bytes() == (tmp_path / "d.aec").read_bytes() == expected


def test_an_image_is_saved_over_its_own_file(digit: Image.Image, tmp_path: Path) -> None:
    path = tmp_path / "digit.aec"
    digit.save(path, level=3)
    with Image.open(path) as image:
        image.save(path, level=1)
    assert aecodec.read_header(path).level == 16


@pytest.mark.parametrize(
    ("image", "options", "kind", "text"),
    [
        (Image.new("L", (28, 28)), {"level": 1, "max_bytes": 99}, ValueError, "exclude each other"),
        (Image.new("L", (28, 28)), {"max_bytes": 3}, ValueError, "3 bytes are too few"),
        (Image.new("L", (28, 28)), {"codec": "none"}, OSError, "codec 'none' does not exist"),
        (Image.new("I;16", (28, 28)), {}, OSError, "--lossless"),
        (Image.new("F", (28, 28)), {}, OSError, "--lossless"),
        (Image.new("RGB", (1, 0)), {}, OSError, "each side must have 1 to"),
        (Image.new("RGB", ((1 << 20) + 1, 1)), {}, OSError, "each side must have 1 to"),
    ],
)
def test_what_cannot_be_saved_is_refused_and_leaves_no_file(
    tmp_path: Path, image: Image.Image, options: dict[str, Any], kind: type[Exception], text: str
) -> None:
    with pytest.raises(aecodec.AecodecError, match=re.escape(text)) as caught:
        image.save(tmp_path / "x.aec", **options)
    assert isinstance(caught.value, kind)
    assert list(tmp_path.iterdir()) == []


XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><text>a subject</text></x:xmpmeta>'


def exif_of(**tags: Any) -> Image.Exif:
    exif = Image.Exif()
    for name, value in tags.items():
        exif[ExifTags.Base[name]] = value
    return exif


VALUES = {
    "exif": exif_of(Artist="somebody").tobytes(),
    "xmp": XMP,
    "icc_profile": profiles.P3,
}


def test_metadata_is_that_of_info(picture: Image.Image) -> None:
    picture.info |= VALUES
    assert Image.open(saved(picture)).info == VALUES
    with pytest.raises(ValueError, match="set it in the info"):
        saved(picture, exif=None)


def test_a_stack_has_the_metadata_of_its_first_picture(picture: Image.Image) -> None:
    picture.info |= VALUES
    appended = [picture.rotate(90, expand=False), picture]
    image = Image.open(saved(picture, save_all=True, append_images=appended))
    for number in range(3):
        image.seek(number)
        assert image.info == VALUES
        assert image.getexif()[ExifTags.Base.Artist] == "somebody"
