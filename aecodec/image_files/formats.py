"""Image formats: their suffixes, and the properties of pictures that they keep."""

from functools import cache
from pathlib import Path

from PIL import Image

from aecodec.format.container import Mode

AEC = "AEC"
"""Pillow's name of `.aec` after importing :mod:`aecodec.pillow`; not used for file names."""

LOSSY = frozenset({"AVIF", "JPEG", "JXL", "MPO", "WEBP"})
NEEDS_QUALITY = LOSSY - {"WEBP"}
"""Lossy formats that need a quality; without a quality, WebP is lossless."""

HOLDS_METADATA = frozenset({"AVIF", "JPEG", "JXL", "MPO", "PNG", "TIFF", "WEBP"})
GREY_AS_RGB = {"AVIF": frozenset({Mode.LA}), "WEBP": frozenset({Mode.L, Mode.LA})}
"""Grey modes that Pillow writes as RGB, which grey profiles do not fit."""

HOLDS_RESOLUTION = frozenset({"BMP", "JPEG", "MPO", "PNG", "TIFF"})
SAMPLES_SUFFIXES = frozenset({".npy", ".npz", ".fits", ".fit", ".fts"})
"""Suffixes of files that only codecs with bands read; they read TIFF files, too."""

_SAMPLES_PREFIXES = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+", b"\x93NUMPY", b"PK\3\4", b"SIMPLE  =")

_NO_IMAGES = {".pdf", ".ps", ".mpg", ".mpeg", ".h5", ".hdf", ".bufr", ".grib", ".iim"}
"""Suffixes that Pillow registers, although these files rarely contain a picture."""

_LOSSLESS = frozenset({"BMP", "JPEG2000", "PNG", "PPM", "TGA", "TIFF", "WEBP"})
"""Formats that keep pixels exactly if they are written without a quality."""

WRITTEN = LOSSY | _LOSSLESS
"""Formats that aecodec writes: all that keep the size of any picture."""

WITHOUT_ALPHA = frozenset({"BMP", "JPEG", "MPO", "PPM"})


def holds_samples(prefix: bytes) -> bool:
    """Whether a file begins like TIFF, NumPy or FITS files, which codecs with bands read."""
    return prefix.startswith(_SAMPLES_PREFIXES)


def has_image_name(path: Path) -> bool:
    is_shadow = path.name.startswith("._")  # macOS stores attributes of files in such files
    return not is_shadow and path.suffix.lower() in _image_suffixes()


@cache
def _image_suffixes() -> frozenset[str]:
    extensions = Image.registered_extensions()
    return frozenset(extensions) - {".aec"} - _NO_IMAGES


def format_of(suffix: str) -> str | None:
    """Pillow's name of the format with a suffix; None for unknown suffixes.

    Loading all plugins takes 40 ms, so they are loaded only if necessary.
    """
    Image.preinit()
    lower = suffix.lower()
    name = Image.EXTENSION.get(lower) or Image.registered_extensions().get(lower)
    return None if name == AEC else name


def is_kept_by(suffix: str, mode: Mode, quality: int | None) -> bool:
    """Whether a format can store a picture, without loss or with the chosen quality.

    >>> is_kept_by(".png", Mode.RGB, None), is_kept_by(".jpg", Mode.RGB, None)
    (True, False)
    >>> is_kept_by(".jpg", Mode.RGB, 90), is_kept_by(".jpg", Mode.RGBA, 90)
    (True, False)
    """
    name = format_of(suffix)
    if mode.has_alpha and name in WITHOUT_ALPHA:
        return False
    return name in _LOSSLESS or (quality is not None and name in LOSSY - {"JXL"})
