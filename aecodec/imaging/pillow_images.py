"""Pillow images and image files to pictures and back, with one explicit rule for each mode."""

from __future__ import annotations

import io
import re
import warnings
from functools import cache
from pathlib import Path
from typing import IO, Any

import numpy as np
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError
from PIL.PngImagePlugin import PngInfo

from aecodec.errors import AecodecWarning, ImageError, UsageError
from aecodec.format.container import MetadataKind, Mode
from aecodec.imaging.picture import Picture, to_array

_DEEP_MODES = {"I", "F", "I;16", "I;16B", "I;16L", "I;16N"}
_DEEP_RAW_MODE = re.compile(";16[BLN]")
"""16-bit channels in Pillow's raw mode of a file; Pillow would cut them to 8 bits silently."""

_SAME_MEANING = {"1": "L", "La": "LA", "PA": "RGBA", "RGBa": "RGBA", "RGBX": "RGB"}
"""Modes that are converted without loss."""

_SAVE_OPTIONS = {"PNG": {"compress_level": 4}}
"""Files within 3 % of Pillow's default (6) and often smaller, in less than half the time."""

_PNG_XMP = "XML:com.adobe.xmp"
_METADATA_INFO = {
    MetadataKind.ICC: "icc_profile",
    MetadataKind.EXIF: "exif",
    MetadataKind.XMP: "xmp",
}
"""Key of each kind of metadata in the `info` of a Pillow image."""


def read_image(source: Path | IO[bytes]) -> Picture:
    """Read an image file in any format that Pillow opens.

    Raises:
        ImageError: the file cannot be read, or holds an image of a kind that is not supported.
    """
    try:
        image = Image.open(source)
    except UnidentifiedImageError:
        raise ImageError("not an image that Pillow can open") from None
    except Exception as error:  # Pillow's plugins raise many types of errors for damaged files
        raise ImageError(f"cannot be read as an image: {error}") from error
    with image:
        return from_pil(image)


def has_image_suffix(path: Path) -> bool:
    """Whether a file name has the suffix of an image format.

    >>> has_image_suffix(Path("digit.PNG")), has_image_suffix(Path("digit.aec"))
    (True, False)
    """
    return path.suffix.lower() in _image_suffixes()


@cache
def _image_suffixes() -> frozenset[str]:
    return frozenset(Image.registered_extensions())


def from_pil(image: Image.Image) -> Picture:
    """Make a picture of a Pillow image.

    L, LA, RGB and RGBA are taken as they are; 1 and P become the grey or RGB values that they
    stand for; a transparent colour becomes an alpha plane; RGB whose three channels are equal
    becomes L. CMYK and other colour spaces are converted to RGB, with a warning. EXIF orientation
    is applied. An animation gives its first frame, with a warning.

    Raises:
        ImageError: the image has channels of 16 or 32 bits or of floats, or is damaged.

    >>> from_pil(Image.new("P", (3, 2))).mode.name
    'L'
    """
    if image.mode in _DEEP_MODES or _has_16_bit_channels(image):
        raise ImageError(
            f"mode {image.mode} with more than 8 bits per channel is not supported: convert the "
            "image to 8 bits first"
        )
    upright = _load_upright(image)
    known = _to_known_mode(upright)
    metadata = _metadata_of(upright)
    if _is_other_colour_space(upright.mode):
        metadata.pop(MetadataKind.ICC, None)  # the profile describes the colours before conversion
    return _without_equal_channels(_split_alpha(known, metadata))


def _has_16_bit_channels(image: Image.Image) -> bool:
    """Whether a file that is not loaded yet has channels of 16 bits."""
    return any(_DEEP_RAW_MODE.search(str(tile[3])) for tile in getattr(image, "tile", ()))


def _load_upright(image: Image.Image) -> Image.Image:
    try:
        if getattr(image, "n_frames", 1) > 1:
            _warn("the file holds several frames; only the first is compressed")
        image.load()
        is_upright = image.getexif().get(ExifTags.Base.Orientation, 1) == 1
        return image if is_upright else ImageOps.exif_transpose(image)
    except Exception as error:  # Pillow's plugins raise many types of errors for damaged files
        raise ImageError(f"cannot be read as an image: {error}") from error


def _to_known_mode(image: Image.Image) -> Image.Image:
    if image.mode == "P" or "transparency" in image.info:
        return image.convert("RGBA" if image.has_transparency_data else "RGB")
    if image.mode in Mode.__members__:
        return image
    if _is_other_colour_space(image.mode):
        _warn(f"{image.mode} was converted to RGB; the file will hold RGB")
    return image.convert(_SAME_MEANING.get(image.mode, "RGB"))


def _is_other_colour_space(mode: str) -> bool:
    """Whether a mode has a colour space that no `.aec` file holds, such as CMYK or LAB."""
    return mode not in {"P", *_SAME_MEANING, *Mode.__members__}


def _split_alpha(image: Image.Image, metadata: dict[MetadataKind, bytes]) -> Picture:
    array = np.asarray(image)
    array = array[..., None] if array.ndim == 2 else array
    if not Mode[image.mode].has_alpha:
        return Picture(array[None], None, metadata)
    return Picture(array[None, ..., :-1], array[None, ..., -1], metadata)


def _without_equal_channels(picture: Picture) -> Picture:
    """Grey content in RGB as one channel, which takes a third of the bytes."""
    rows = (row for frame in picture.pixels for row in frame)
    if picture.mode.channels == 1 or any((row != row[..., :1]).any() for row in rows):
        return picture
    metadata = dict(picture.metadata)
    metadata.pop(MetadataKind.ICC, None)  # an RGB profile does not fit a grey picture
    return Picture(picture.pixels[..., :1], picture.alpha, metadata)


def _metadata_of(image: Image.Image) -> dict[MetadataKind, bytes]:
    found = {kind: image.info.get(name) for kind, name in _METADATA_INFO.items()}
    found[MetadataKind.XMP] = found[MetadataKind.XMP] or image.info.get(_PNG_XMP)
    return {
        kind: value.encode() if isinstance(value, str) else value
        for kind, value in found.items()
        if value
    }


def to_pil(picture: Picture) -> list[Image.Image]:
    """Make one Pillow image per frame, with the metadata in `info`, where `save` finds it."""
    images = [Image.fromarray(array) for array in to_array(picture)]
    for image in images:
        image.info.update({_METADATA_INFO[k]: v for k, v in picture.metadata.items()})
    return images


def encode_image(image: Image.Image, suffix: str) -> bytes:
    """Encode a Pillow image as the content of an image file.

    Args:
        image: the image; metadata in its `info` goes into the file if the format takes it.
        suffix: suffix of the file's name, which chooses the format: `.png`.

    Raises:
        UsageError: Pillow has no such format, or cannot write this image in it.
    """
    file_format = _format_of(suffix)
    if file_format is None:
        raise UsageError(f"Pillow has no image format for names that end with {suffix}")
    names = _METADATA_INFO.values()
    metadata: dict[str, Any] = {name: image.info[name] for name in names if name in image.info}
    if file_format == "PNG" and "xmp" in metadata:
        metadata["pnginfo"] = PngInfo()
        metadata["pnginfo"].add_itxt(_PNG_XMP, metadata.pop("xmp"))
    return _save(image, file_format, metadata)


def _save(image: Image.Image, file_format: str, metadata: dict[str, Any]) -> bytes:
    file = io.BytesIO()
    options = _SAVE_OPTIONS.get(file_format, {})
    try:
        image.save(file, format=file_format, **options, **metadata)
    except Exception as error:  # Pillow's plugins raise many types of errors for odd metadata
        if metadata:
            _warn(f"its metadata cannot be written as {file_format} and is left out ({error})")
            return _save(image, file_format, {})
        raise UsageError(f"Pillow cannot write {image.mode} as {file_format}: {error}") from error
    return file.getvalue()


def _format_of(suffix: str) -> str | None:
    """Pillow's format for a suffix; all plugins, which take 40 ms to load, only if necessary."""
    Image.preinit()
    return Image.EXTENSION.get(suffix) or Image.registered_extensions().get(suffix)


def _warn(message: str) -> None:
    warnings.warn(message, AecodecWarning, stacklevel=2)
