"""EXIF, XMP and colour profiles through `save` and `Image.open`."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any

import pytest
from helpers.images import saved
from image_files import profiles
from PIL import ExifTags, Image, ImageOps
from PIL.PngImagePlugin import PngInfo

import aecodec
from aecodec.image_files.metadata import PNG_XMP

DESCRIPTION = ExifTags.Base.ImageDescription
ORIENTATION = ExifTags.Base.Orientation
XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><text>a subject</text></x:xmpmeta>'


def text_of(xmp: bytes) -> PngInfo:
    """XMP as the text of a PNG file."""
    text = PngInfo()
    text.add_itxt(PNG_XMP, xmp.decode())
    return text


def exif_of(**tags: Any) -> Image.Exif:
    exif = Image.Exif()
    for name, value in tags.items():
        exif[ExifTags.Base[name]] = value
    return exif


@pytest.mark.parametrize("file_format", ["PNG", "JPEG", "TIFF", "WEBP"])
def test_exif_comes_from_any_format_and_goes_back(picture: Image.Image, file_format: str) -> None:
    exif = exif_of(ImageDescription="a description")
    image = Image.open(saved(picture, file_format, exif=exif))
    restored = Image.open(saved(image))
    assert isinstance(restored.info["exif"], bytes)
    assert restored.getexif()[DESCRIPTION] == "a description"
    back = Image.open(saved(restored, file_format, exif=restored.getexif()))
    assert back.getexif()[DESCRIPTION] == "a description"


@pytest.mark.parametrize("file_format", ["PNG", "JPEG", "TIFF", "WEBP"])
def test_xmp_comes_from_any_format(picture: Image.Image, file_format: str) -> None:
    options = {"TIFF": {"tiffinfo": {700: XMP}}, "PNG": {"pnginfo": text_of(XMP)}}
    image = Image.open(saved(picture, file_format, **options.get(file_format, {"xmp": XMP})))
    assert Image.open(saved(image)).info["xmp"] == XMP


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


def test_damaged_exif_is_left_out_and_named(picture: Image.Image) -> None:
    with pytest.warns(aecodec.AecodecWarning, match="its EXIF, which is damaged"):
        file = saved(picture, exif=b"This_is_not_valid_EXIF_data")
    assert Image.open(file).info == {}


def test_a_stack_has_the_metadata_of_its_first_picture(picture: Image.Image) -> None:
    appended = [picture.rotate(90, expand=False), picture]
    image = Image.open(saved(picture, save_all=True, append_images=appended, **VALUES))
    for number in range(3):
        image.seek(number)
        assert image.info == VALUES
        assert image.getexif()[ExifTags.Base.Artist] == "somebody"


def xmp_of(orientation: int, is_attribute: bool) -> bytes:
    """XMP with an orientation, in either of the two forms in which programs write it."""
    attribute = f' tiff:Orientation="{orientation}"' if is_attribute else ""
    element = "" if is_attribute else f"<tiff:Orientation>{orientation}</tiff:Orientation>"
    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description rdf:about="" xmlns:tiff="http://ns.adobe.com/tiff/1.0/"'
        f"{attribute}>{element}</rdf:Description></rdf:RDF></x:xmpmeta>"
    ).encode()


WHERE = {
    "exif of a JPEG": lambda image, value: Image.open(
        saved(image, "JPEG", exif=exif_of(Orientation=value))
    ),
    "exif of a PNG": lambda image, value: Image.open(
        saved(image, "PNG", exif=exif_of(Orientation=value))
    ),
    "xmp of a PNG": lambda image, value: Image.open(
        saved(image, "PNG", pnginfo=text_of(xmp_of(value, is_attribute=True)))
    ),
}


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("where", WHERE)
def test_the_orientation_of_a_file_is_applied(
    picture: Image.Image, orientation: int, where: str
) -> None:
    image = WHERE[where](picture, orientation)
    assert image.getexif()[ORIENTATION] == orientation
    check_upright(Image.open(saved(image)), ImageOps.exif_transpose(image))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize(
    "options",
    [
        lambda value: {"exif": exif_of(Orientation=value)},
        lambda value: {"exif": exif_of(Orientation=value).tobytes()},
        lambda value: {"xmp": xmp_of(value, is_attribute=True)},
        lambda value: {"xmp": xmp_of(value, is_attribute=False)},
    ],
)
def test_an_orientation_that_is_given_is_applied(
    picture: Image.Image, orientation: int, options: Any
) -> None:
    chosen = options(orientation)
    named = picture.copy()
    named.getexif()[ORIENTATION] = orientation
    check_upright(Image.open(saved(picture, **chosen)), ImageOps.exif_transpose(named))


def check_upright(image: Image.Image, expected: Image.Image) -> None:
    """Check that an image has the pixels of another one, and is shown as it is."""
    assert image.getexif().get(ORIENTATION, 1) == 1
    bare = Image.new(expected.mode, expected.size)
    bare.paste(expected)
    assert image.tobytes() == aecodec.decompress(aecodec.compress(bare)).tobytes()
