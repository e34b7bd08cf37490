"""`save` of `.aec` files: the bytes of `aecodec.compress` in any mode, and metadata."""

from __future__ import annotations

import re
from contextlib import AbstractContextManager, nullcontext
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


CONVERTED = {
    "1": ("L", ""),
    "P": ("RGB", ""),
    "PA": ("RGBA", ""),
    "La": ("LA", ""),
    "RGBa": ("RGBA", ""),
    "RGBX": ("RGB", ""),
    "CMYK": ("RGB", "converted to RGB without a colour profile"),
    "YCbCr": ("RGB", "converted to RGB"),
    "HSV": ("RGB", "converted to RGB"),
    "LAB": ("RGB", "converted to RGB"),
}
"""Mode of the file, and what is said, for each mode that no file holds."""


@pytest.mark.parametrize("mode", CONVERTED)
def test_modes_that_no_file_holds_are_converted_as_compress_does(
    picture: Image.Image, mode: str
) -> None:
    expected, said = CONVERTED[mode]
    image = in_mode(picture, mode)
    with pytest.warns(aecodec.AecodecWarning, match=said) if said else nullcontext():
        file, same = saved(image), aecodec.compress(image)
    assert file.getvalue() == same
    assert Image.open(file).mode == expected


def in_mode(image: Image.Image, mode: str) -> Image.Image:
    """An image in a mode, also in those to which Pillow does not convert directly from RGB."""
    if mode == "LAB":
        return Image.new("LAB", image.size, (90, 20, 30))
    if mode == "PA":
        return image.quantize(16).convert("PA")
    between = {"1": "L", "La": "LA", "RGBa": "RGBA"}.get(mode, "RGB")
    return image.convert(between).convert(mode)


XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><text>a subject</text></x:xmpmeta>'


def exif_of(**tags: Any) -> Image.Exif:
    exif = Image.Exif()
    for name, value in tags.items():
        exif[ExifTags.Base[name]] = value
    return exif


VALUES = {
    "exif": exif_of(Artist="somebody").tobytes(),
    "xmp": XMP,
    "icc_profile": profiles.rgb(profiles.DISPLAY_P3),
}


@pytest.mark.parametrize("name", VALUES)
def test_metadata_is_added_and_removed(picture: Image.Image, name: str) -> None:
    value = VALUES[name]
    added = Image.open(saved(picture, **{name: value}))
    assert added.info == {name: value}
    assert picture.info == {}
    picture.info[name] = value
    kept = Image.open(saved(picture))
    assert kept.info == {name: value}
    for options in ({name: None}, {name: b""}, {"metadata": False}):
        with warnings_of(options, name):
            assert Image.open(saved(kept, **options)).info == {}
        assert kept.info == {name: value}
    kept.info[name] = None
    assert Image.open(saved(kept)).info == {}
    del kept.info[name]
    assert Image.open(saved(kept)).info == {}


def warnings_of(options: dict[str, Any], name: str) -> AbstractContextManager[Any]:
    """A colour profile that is dropped, and not taken away, converts the colours, and says so."""
    if name == "icc_profile" and options == {"metadata": False}:
        return pytest.warns(aecodec.AecodecWarning, match="converted to sRGB")
    return nullcontext()


def test_a_stack_has_the_metadata_of_its_first_picture(picture: Image.Image) -> None:
    appended = [picture.rotate(90, expand=False), picture]
    image = Image.open(saved(picture, save_all=True, append_images=appended, **VALUES))
    for number in range(3):
        image.seek(number)
        assert image.info == VALUES
        assert image.getexif()[ExifTags.Base.Artist] == "somebody"


XMP_OF_6 = b"""<x:xmpmeta xmlns:x="adobe:ns:meta/">
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:tiff="http://ns.adobe.com/tiff/1.0/" %s</rdf:Description>
</rdf:RDF></x:xmpmeta>"""


@pytest.mark.parametrize(
    "options",
    [
        {"exif": exif_of(Orientation=6)},
        {"exif": exif_of(Orientation=6).tobytes()},
        {"xmp": XMP_OF_6 % b'tiff:Orientation="6">'},
        {"xmp": XMP_OF_6 % b"><tiff:Orientation>6</tiff:Orientation>"},
    ],
)
def test_an_orientation_in_the_options_is_applied(
    picture: Image.Image, options: dict[str, Any]
) -> None:
    restored = Image.open(saved(picture, **options))
    assert restored.getexif().get(ExifTags.Base.Orientation, 1) == 1
    turned = picture.transpose(Image.Transpose.ROTATE_270)
    assert restored.tobytes() == aecodec.decompress(aecodec.compress(turned)).tobytes()
