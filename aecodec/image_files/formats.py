"""Image formats: which suffixes stand for which, and what each format can keep."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from PIL import Image

from aecodec.format.container import Mode

AEC = "AEC"
"""Pillow's name of our own format where :mod:`aecodec.pillow` is imported. It is left out here, so
that commands treat a file name in the same way with and without that import."""

LOSSY = frozenset({"AVIF", "JPEG", "JXL", "MPO", "PDF", "WEBP"})
"""Pillow's names of the formats that take a quality."""

NEEDS_QUALITY = LOSSY - {"WEBP"}
"""Lossy formats that are not written without a quality; WebP is then written without loss."""

HOLDS_METADATA = frozenset({"AVIF", "JPEG", "JXL", "MPO", "PNG", "TIFF", "WEBP"})
"""Formats that hold ICC profile, EXIF and XMP."""

GREY_AS_RGB = {"AVIF": frozenset({Mode.LA}), "WEBP": frozenset({Mode.L, Mode.LA})}
"""Grey modes that Pillow writes as RGB, which a profile for grey does not describe."""

HOLDS_RESOLUTION = frozenset({"BMP", "JPEG", "MPO", "PNG", "TIFF"})
"""Formats that state pixels per inch in a field of their own."""

_ANY_MODE = frozenset(Mode)
_LOSSLESS = {
    "BMP": frozenset({Mode.L, Mode.RGB}),
    "JPEG2000": _ANY_MODE,
    "PNG": _ANY_MODE,
    "PPM": frozenset({Mode.L, Mode.RGB}),
    "TGA": _ANY_MODE,
    "TIFF": _ANY_MODE,
    "WEBP": _ANY_MODE,
}
"""Modes that a format keeps exactly, as it is written where no quality is given."""


def has_image_suffix(path: Path) -> bool:
    """Whether a file name has the suffix of an image format.

    >>> has_image_suffix(Path("digit.PNG")), has_image_suffix(Path("digit.aec"))
    (True, False)
    """
    return path.suffix.lower() in _image_suffixes()


@cache
def _image_suffixes() -> frozenset[str]:
    known = Image.registered_extensions()
    return frozenset(suffix for suffix, name in known.items() if name != AEC)


def format_of(suffix: str) -> str | None:
    """Pillow's name of the format of a suffix; None if it has none.

    All plugins, which take 40 ms to load, are loaded only if necessary.

    >>> format_of(".jpg"), format_of(".txt")
    ('JPEG', None)
    """
    Image.preinit()
    lower = suffix.lower()
    name = Image.EXTENSION.get(lower) or Image.registered_extensions().get(lower)
    return None if name == AEC else name


def is_kept_by(suffix: str, mode: Mode, quality: int | None) -> bool:
    """Whether a format, given by its suffix, loses no more of a picture than was asked for.

    Args:
        suffix: suffix of a file name, such as `.jpg`.
        mode: mode of the picture.
        quality: quality that was chosen for formats that lose something; None if none was.

    >>> is_kept_by(".png", Mode.RGB, None), is_kept_by(".jpg", Mode.RGB, None)
    (True, False)
    >>> is_kept_by(".jpg", Mode.RGB, 90), is_kept_by(".jpg", Mode.RGBA, 90)
    (True, False)
    """
    name = format_of(suffix)
    if name in {"JPEG", "MPO"}:
        return quality is not None and not mode.has_alpha
    if name == "AVIF":
        return quality is not None
    return mode in _LOSSLESS.get(name or "", ())
