"""`save` of `.aec` files: the bytes of `aecodec.compress` in any mode, and metadata."""

from __future__ import annotations

import re
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.images import saved
from image_files import profiles
from PIL import ExifTags, Image, ImageOps
from PIL.PngImagePlugin import PngInfo

import aecodec
from aecodec.arrays import Pixels
from aecodec.image_files.metadata import PNG_XMP


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


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA", "P"])
@pytest.mark.parametrize("options", [{"lossless": True}, {"max_error": 3}])
def test_pictures_are_saved_without_loss_or_within_an_error(
    photograph: Pixels, mode: str, options: dict[str, Any]
) -> None:
    image = Image.fromarray(photograph[:90, :80]).convert(mode)
    file = saved(image, **options)
    data = file.getvalue()
    assert aecodec.read_header(data).codec_id == b"SAMP"
    with Image.open(file) as opened:
        plain = np.asarray(image.convert(opened.mode)).astype(int)
        assert np.abs(np.asarray(opened) - plain).max() <= options.get("max_error", 0)
        assert opened.mode == ("RGB" if mode == "P" else mode)


@pytest.mark.parametrize("mode", ["I;16", "I;16B", "I", "F"])
def test_modes_of_more_than_8_bits_are_refused(mode: str, tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"bits.* --lossless") as caught:
        Image.new(mode, (28, 28)).save(tmp_path / "x.aec")
    assert isinstance(caught.value, aecodec.ImageError)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("size", [(1, 0), (0, 1), (0, 0), ((1 << 20) + 1, 1)])
def test_a_picture_that_no_file_holds_is_refused(size: tuple[int, int]) -> None:
    with pytest.raises(OSError, match="each side must have 1 to"):
        saved(Image.new("RGB", size))


DESCRIPTION = ExifTags.Base.ImageDescription
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
def test_metadata_come_from_any_format_and_exif_goes_back(
    picture: Image.Image, file_format: str
) -> None:
    exif, options = exif_of(ImageDescription="a description"), {"xmp": XMP}
    if file_format == "TIFF":
        exif[700], options = XMP, {}
    elif file_format == "PNG":
        options = {"pnginfo": text_of(XMP)}
    image = Image.open(saved(picture, file_format, exif=exif, **options))
    restored = Image.open(saved(image))
    assert restored.info["xmp"] == XMP
    assert isinstance(restored.info["exif"], bytes)
    back = Image.open(saved(restored, file_format, exif=restored.getexif()))
    for shown in (restored, back):
        assert shown.getexif()[DESCRIPTION] == "a description"


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


SIX = exif_of(Orientation=6)  # rotated by 90 degrees
STORED: dict[str, tuple[str, dict[str, Any]]] = {
    **{f"exif {n} of a JPEG": ("JPEG", {"exif": exif_of(Orientation=n)}) for n in range(1, 9)},
    "exif of a PNG": ("PNG", {"exif": SIX}),
    "xmp of a PNG": ("PNG", {"pnginfo": text_of(xmp_of(6, is_attribute=True))}),
}
OPTIONS: dict[str, dict[str, Any]] = {
    "exif": {"exif": SIX},
    "bytes of exif": {"exif": SIX.tobytes()},
    "attribute of xmp": {"xmp": xmp_of(6, is_attribute=True)},
    "element of xmp": {"xmp": xmp_of(6, is_attribute=False)},
}


@pytest.mark.parametrize("kind", [*STORED, *OPTIONS])
def test_an_orientation_is_applied(picture: Image.Image, kind: str) -> None:
    """Whether a file has it, or whoever saves a picture."""
    if kind in STORED:
        image = oriented = Image.open(saved(picture, STORED[kind][0], **STORED[kind][1]))
    else:
        image, oriented = picture, picture.copy()
        oriented.getexif()[ExifTags.Base.Orientation] = 6
    restored = Image.open(saved(image, **OPTIONS.get(kind, {})))
    assert restored.getexif().get(ExifTags.Base.Orientation, 1) == 1
    upright = ImageOps.exif_transpose(oriented)
    bare = Image.new(upright.mode, upright.size)
    bare.paste(upright)
    assert restored.tobytes() == aecodec.decompress(aecodec.compress(bare)).tobytes()
