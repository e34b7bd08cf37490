"""`save` of `.aec` files: the bytes are those of `aecodec.compress`, whatever the mode."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from helpers.images import saved
from PIL import Image

import aecodec


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"level": 1},
        {"level": 3},
        {"codec": "photo", "level": 2.5},
        {"max_bytes": 40},
        {"min_psnr": 24},
        {"metadata": True},
        {"codec": aecodec.load_codec("photo")},
    ],
)
def test_the_options_are_those_of_compress(digit: Image.Image, options: dict[str, Any]) -> None:
    assert saved(digit, **options).getvalue() == aecodec.compress(digit, **options)


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
    ("options", "kind", "text"),
    [
        ({"level": 9}, ValueError, "level 9: codec digits has the levels 1"),
        ({"level": 1.5}, ValueError, "only whole levels"),
        ({"level": 1, "max_bytes": 99}, ValueError, "exclude each other"),
        ({"max_bytes": 3}, ValueError, "3 bytes are too few"),
        ({"codec": "no-codec"}, OSError, "codec 'no-codec' does not exist"),
    ],
)
def test_options_that_cannot_be_are_refused_and_leave_no_file(
    digit: Image.Image, tmp_path: Path, options: dict[str, Any], kind: type[Exception], text: str
) -> None:
    with pytest.raises(aecodec.AecodecError, match=re.escape(text)) as caught:
        digit.save(tmp_path / "x.aec", **options)
    assert isinstance(caught.value, kind)
    assert list(tmp_path.iterdir()) == []


SAID = {
    "CMYK": "converted to RGB without a colour profile",
    "YCbCr": "converted to RGB",
    "HSV": "converted to RGB",
    "LAB": "converted to RGB",
}


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("1", "L"),
        ("P", "RGB"),
        ("PA", "RGBA"),
        ("La", "LA"),
        ("RGBa", "RGBA"),
        ("RGBX", "RGB"),
        *((mode, "RGB") for mode in SAID),
    ],
)
def test_modes_that_no_file_holds_are_converted_as_compress_does(
    picture: Image.Image, mode: str, expected: str
) -> None:
    alpha = {"PA": "RGBA", "La": "LA", "RGBa": "RGBA"}.get(mode, "RGB")
    grey = {"1": "L", "LAB": "RGB"}.get(mode, alpha)
    image = Image.new("LAB", (60, 44), (90, 20, 30)) if mode == "LAB" else picture.convert(grey)
    image = image if image.mode == mode else to_mode(image, mode)
    if mode in SAID:
        with pytest.warns(aecodec.AecodecWarning, match=SAID[mode]):
            file = saved(image)
        with pytest.warns(aecodec.AecodecWarning):
            same = aecodec.compress(image)
    else:
        file, same = saved(image), aecodec.compress(image)
    assert file.getvalue() == same
    assert Image.open(file).mode == expected


def to_mode(image: Image.Image, mode: str) -> Image.Image:
    """An image in one of the modes to which Pillow converts not directly from RGB."""
    if mode != "PA":
        return image.convert(mode)
    palette = image.convert("RGB").quantize(16)
    return palette.convert("PA")


@pytest.mark.parametrize("mode", ["I;16", "I;16B", "I", "F"])
def test_modes_of_more_than_8_bits_are_refused(mode: str, tmp_path: Path) -> None:
    with pytest.raises(OSError, match="more than 8 bits") as caught:
        Image.new(mode, (28, 28)).save(tmp_path / "x.aec")
    assert isinstance(caught.value, aecodec.ImageError)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("size", [(1, 0), (0, 1), (0, 0), ((1 << 20) + 1, 1)])
def test_a_picture_that_no_file_holds_is_refused(size: tuple[int, int]) -> None:
    with pytest.raises(OSError, match="each side must have 1 to"):
        saved(Image.new("RGB", size))
