"""Metadata of image files: ICC profile, EXIF and XMP, and notes about other metadata."""

import io
from collections.abc import Iterator
from typing import IO, Any

from PIL import ExifTags, Image, TiffTags

from aecodec.base.errors import Notes
from aecodec.format.container import MetadataKind
from aecodec.image_files.tiff_directories import STRUCTURE

INFO_KEYS = {MetadataKind.ICC: "icc_profile", MetadataKind.EXIF: "exif", MetadataKind.XMP: "xmp"}
PNG_XMP = "XML:com.adobe.xmp"
_TIFF_TAGS = {271, 272, 306, 315, 33432}
"""Make, model, time, artist and copyright: tags of TIFF files that EXIF also has."""

_TIFF_IFDS = (ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo)
_READ_TAGS = {262, 274, 282, 283, 296, 305, 320, 338, 700, 33723, 34377, 34675}
_READ_TAGS |= {*STRUCTURE, *_TIFF_TAGS, *_TIFF_IFDS}
"""Tags of TIFF files that are read, noted by their content, or name the program that wrote them."""

_SHAPE = '{"shape": '
"""Beginning of the description that tifffile writes by default."""

_DEFAULT_DPI = frozenset({0, 1, 72, 96})
_INCH = 2
_IPTC = 0x0404
_KEYWORDS_OF_PROGRAMS = (
    "software",
    "date:",
    "png:",
    "exif:",
    "tiff:",
    "icc:",
    "jpeg:",
    "thumbnail",
)
_COMMENTS_OF_PROGRAMS = (b"CREATOR: ", b"Created with ", b"Lavc", b"LEAD Tech", b"Optimized by ")
_SRGB_CODING = bytes([1, 13])
"""Numbers of the primaries and the transfer function of sRGB in a cICP chunk."""

_PNG_SIGNATURE_SIZE, _PNG_CHECKSUM_SIZE = 8, 4
_IS_SRGB = {"srgb", "icc_profile"}
"""Keys of properties that override gamma and primaries."""

_SRGB_PRIMARIES = (0.3127, 0.329, 0.64, 0.33, 0.3, 0.6, 0.15, 0.06)


def metadata_of(image: Image.Image, notes: Notes) -> dict[MetadataKind, bytes]:
    """Read ICC profile, EXIF and XMP of an image, unchanged; convert tags and dpi to EXIF.

    The image is loaded. Damaged tags are noted.
    """
    values = {kind: image.info.get(name) for kind, name in INFO_KEYS.items()}
    values[MetadataKind.XMP] = values[MetadataKind.XMP] or image.info.get(PNG_XMP)
    values[MetadataKind.EXIF] = values[MetadataKind.EXIF] or _exif_of(image, notes)
    return {
        kind: value.encode() if isinstance(value, str) else value
        for kind, value in values.items()
        if value
    }


def note_colour_coding(image: Image.Image, notes: Notes) -> None:
    """Note that a cICP chunk is ignored, unless it is sRGB or there is a profile."""
    file = getattr(image, "fp", None)
    if image.format != "PNG" or file is None or image.info.get("icc_profile"):
        return
    stated = _coding_in_png(file)
    if stated and stated[:2] != _SRGB_CODING:
        numbers = ", ".join(map(str, stated))
        notes.add(f"its colour coding (cICP {numbers}) is ignored: its pixels are read as sRGB")


def _coding_in_png(file: IO[bytes]) -> bytes | None:
    position = file.tell()
    try:
        file.seek(_PNG_SIGNATURE_SIZE)
        while len(head := file.read(8)) == 8 and head[4:] != b"IDAT":
            size = int.from_bytes(head[:4], "big")
            if head[4:] == b"cICP":
                return file.read(size)
            file.seek(size + _PNG_CHECKSUM_SIZE, io.SEEK_CUR)
        return None
    finally:
        file.seek(position)


def resolution_of(exif: bytes) -> tuple[float, float] | None:
    """Pixels per inch in EXIF; None if they are absent or a program's default."""
    tags = Image.Exif()
    try:
        tags.load(exif)
        values = (tags[ExifTags.Base.XResolution], tags[ExifTags.Base.YResolution])
        unit = 1 if tags.get(ExifTags.Base.ResolutionUnit, _INCH) == _INCH else 2.54
        return _chosen_dpi(tuple(float(value) * unit for value in values))
    except Exception:  # Pillow raises many types of errors for damaged EXIF
        return None


def note_dropped(image: Image.Image, metadata: dict[MetadataKind, bytes], notes: Notes) -> None:
    """Note the metadata of a loaded image that `.aec` files do not support, in one sentence."""
    names = list(_dropped(image, metadata))
    if names:
        notes.add(f"aecodec drops its {' and its '.join(names)}")


def _dropped(image: Image.Image, metadata: dict[MetadataKind, bytes]) -> Iterator[str]:
    info = image.info
    dpi = _chosen_dpi(info.get("dpi"))
    if dpi and not resolution_of(metadata.get(MetadataKind.EXIF, b"")):
        yield f"resolution of {dpi[0]:g} dpi"
    if texts := [
        name
        for name in getattr(image, "text", {})
        if name != PNG_XMP and not name.lower().startswith(_KEYWORDS_OF_PROGRAMS)
    ]:
        yield f"text ({', '.join(texts)})"
    if image.format == "PSD" and getattr(image, "n_frames", 1) > 1:
        yield "layers"
    if len(info.get("sizes", ())) > 1:
        yield "other sizes"
    comment = info.get("comment", b"")
    comment = comment.encode() if isinstance(comment, str) else comment
    if comment and not comment.startswith(_COMMENTS_OF_PROGRAMS):
        yield "comment"
    tags = dict(getattr(image, "tag_v2", None) or {})
    if str(tags.get(ExifTags.Base.ImageDescription)).startswith(_SHAPE):
        del tags[ExifTags.Base.ImageDescription]
    if names := [TiffTags.lookup(tag).name for tag in tags if tag not in _READ_TAGS]:
        yield f"TIFF tags {', '.join(names)}"
    if isinstance(blocks := info.get("photoshop"), dict) and _IPTC in blocks:
        yield "IPTC captions"
    gamma = info.get("gamma")
    if isinstance(gamma, float) and not _IS_SRGB & info.keys() and abs(gamma - 0.455) > 0.03:
        yield f"gamma of {gamma:g}"
    if _has_unusual_primaries(info):
        yield "chromaticities (cHRM)"


def _has_unusual_primaries(info: dict[Any, Any]) -> bool:
    stated = info.get("chromaticity")
    if not stated or _IS_SRGB & info.keys():
        return False
    return any(abs(a - b) > 0.005 for a, b in zip(stated, _SRGB_PRIMARIES, strict=False))


def _exif_of(image: Image.Image, notes: Notes) -> bytes | None:
    """Make EXIF for a file without EXIF, from the tags of a TIFF file and pixels per inch."""
    exif = Image.Exif()
    try:
        if getattr(image, "tag_v2", None) is not None:
            tags = image.getexif()
            exif.update({tag: tags[tag] for tag in _TIFF_TAGS if tag in tags})
            exif.update({ifd: values for ifd in _TIFF_IFDS if (values := dict(tags.get_ifd(ifd)))})
        if dpi := _chosen_dpi(image.info.get("dpi")):
            exif[ExifTags.Base.XResolution], exif[ExifTags.Base.YResolution] = dpi
            exif[ExifTags.Base.ResolutionUnit] = _INCH
        return exif.tobytes() if len(exif) else None
    except Exception as error:  # Pillow raises many types of errors for odd tags
        notes.add(f"aecodec drops its tags, which are damaged ({error})")
        return None


def _chosen_dpi(dpi: Any) -> tuple[float, float] | None:
    """Pixels per inch that are not a program's default."""
    try:
        across, down = (_rounded(float(value)) for value in dpi)
    except (TypeError, ValueError, ZeroDivisionError, OverflowError):
        return None
    if not (0 < across < 1e6 and 0 < down < 1e6):
        return None
    return None if {round(across), round(down)} <= _DEFAULT_DPI else (across, down)


def _rounded(dpi: float) -> float:
    """Remove the rounding error of files that store pixels per metre."""
    return float(round(dpi)) if abs(dpi - round(dpi)) < 0.02 else round(dpi, 2)
