"""Convert pictures to Pillow images and image files."""

import io
from typing import Any

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from aecodec.base.errors import Notes, UsageError
from aecodec.format.container import MetadataKind
from aecodec.image_files import formats
from aecodec.image_files.colour import in_kept_colours
from aecodec.image_files.metadata import INFO_KEYS, PNG_XMP, resolution_of
from aecodec.imaging.picture import Picture, to_array

_WITHOUT_QUALITY: dict[str, dict[str, Any]] = {
    "PNG": {"compress_level": 4},
    "WEBP": {"lossless": True, "exact": True},
}
"""Options. PNG files are at most 3 % larger than with Pillow's default (6), in half the time."""

_TIFF_XMP = 700


def to_pil(picture: Picture) -> list[Image.Image]:
    """Make one Pillow image per frame, with the metadata in `info`, where `save` finds it."""
    images = [Image.fromarray(array) for array in to_array(picture)]
    for image in images:
        info = {INFO_KEYS[k]: v for k, v in picture.metadata.items() if k in INFO_KEYS}
        image.info.update(info)
    return images


def format_to_write(suffix: str, quality: int | None) -> str:
    """Pillow's name of the format for a suffix and a quality, 1 to 100 for lossy formats.

    Raises UsageError if the format is unknown or needs a quality.

    >>> format_to_write(".jpg", None)
    Traceback (most recent call last):
    aecodec.base.errors.UsageError: JPEG is lossy: choose a --quality from 1 to 100
    """
    file_format = formats.format_of(suffix)
    if file_format not in formats.WRITTEN:
        end = f"{suffix} files" if suffix else "images without an extension"
        raise UsageError(f"aecodec cannot write {end}: use .png, .tif, .jpg, .webp or .jp2")
    if quality is None and file_format in formats.NEEDS_QUALITY:
        raise UsageError(f"{file_format} is lossy: choose a --quality from 1 to 100")
    return file_format


def encode_frames(picture: Picture, suffix: str, quality: int | None = None) -> list[bytes]:
    """Encode each frame of a picture as an image file in the format of a suffix, such as `.png`.

    If the format does not support the colour profile, the pixels are converted to sRGB. Raises
    UsageError like :func:`format_to_write`, or if Pillow cannot write a picture like this.
    """
    file_format, notes = format_to_write(suffix, quality), Notes()
    if file_format not in formats.HOLDS_METADATA or picture.mode in formats.GREY_AS_RGB.get(
        file_format, ()
    ):
        picture = in_kept_colours(picture, {})
    contents = [_encoded(image, file_format, quality, notes) for image in to_pil(picture)]
    notes.warn()
    return contents


def _encoded(image: Image.Image, file_format: str, quality: int | None, notes: Notes) -> bytes:
    has_quality = file_format in formats.LOSSY and quality is not None
    options = {"quality": quality} if has_quality else {**_WITHOUT_QUALITY.get(file_format, {})}
    is_opaque = not image.mode.endswith("A") or image.getchannel("A").getextrema() == (255, 255)
    if file_format in formats.WITHOUT_ALPHA and not is_opaque:
        raise UsageError(f"{file_format} does not support alpha: choose PNG, TIFF or WebP")
    if file_format not in formats.HOLDS_METADATA and (names := _exif_and_xmp(image)):
        notes.add(f"aecodec drops its {names}, which {file_format} does not support")
    try:
        options.update(_metadata_options(image, file_format))
        file = io.BytesIO()
        image.save(file, format=file_format, **options)
    except Exception as error:  # Pillow raises many types of errors for odd metadata
        if not any(image.info.get(key) for key in INFO_KEYS.values()):
            raise UsageError(
                f"Pillow cannot write {image.mode} as {file_format}: {error}; use PNG or TIFF"
            ) from error
        notes.add(f"aecodec drops its metadata, which {file_format} cannot store ({error})")
        bare = image.copy()
        bare.info = {}
        return _encoded(bare, file_format, quality, notes)
    return file.getvalue()


def _metadata_options(image: Image.Image, file_format: str) -> dict[str, Any]:
    entries = {key: image.info[key] for key in INFO_KEYS.values() if image.info.get(key)}
    options = dict(entries) if file_format in formats.HOLDS_METADATA else {}
    dpi = resolution_of(entries.get("exif", b""))
    if dpi and file_format in formats.HOLDS_RESOLUTION:
        options["dpi"] = dpi
    if "xmp" in options and file_format == "PNG":
        options["pnginfo"] = PngInfo()
        options["pnginfo"].add_itxt(PNG_XMP, options.pop("xmp"))
    if "xmp" in options and file_format == "TIFF":
        options["exif"] = _exif_with_xmp(options.get("exif"), options.pop("xmp"))
    return options


def _exif_with_xmp(exif: bytes | None, xmp: bytes) -> Image.Exif:
    tags = Image.Exif()
    if exif:
        tags.load(exif)
    tags[_TIFF_XMP] = xmp
    return tags


def _exif_and_xmp(image: Image.Image) -> str:
    """Names of an image's EXIF and XMP. Profiles do not count, because colours are converted."""
    kinds = (MetadataKind.EXIF, MetadataKind.XMP)
    return " and its ".join(kind.name for kind in kinds if image.info.get(INFO_KEYS[kind]))
