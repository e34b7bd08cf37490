"""Open image files with a limit for their pixels that is independent of Pillow's global limit.

That limit belongs to the calling program and all its threads, so this module opens files with
Pillow's plugins, and counts pages, samples and pixels before pixels are read.
"""

import io
import struct
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import IO

from PIL import Image
from PIL.ImageFile import ImageFile

from aecodec.base.errors import ImageError, Notes
from aecodec.format.container import MAGIC
from aecodec.image_files.formats import AEC, holds_samples
from aecodec.image_files.options import ReadOptions
from aecodec.image_files.tiff_directories import count_for_pillow, is_tiff
from aecodec.imaging.picture import ANY_CODEC

_REJECTIONS = (SyntaxError, IndexError, TypeError, struct.error)
"""Errors of Pillow's plugins for files with another format."""

_UNKNOWN = "not an image that Pillow can open"

_FITS = "FITS"
_CODESTREAM = b"\xff\x4f\xff\x51"
"""Start of JPEG 2000 without boxes. The size in a box could differ from that of the pixels."""

_FRAMES_OF_JPEG = {*range(0xC0, 0xD0), 0xF7} - {0xC4, 0xC8, 0xCC}
"""Markers of the headers with the size of JPEG and JPEG-LS."""

_STUBS = ("BUFR", "GRIB", "HDF5")
_ARRAYS = (b"\x89HDF", b"CDF", b"GRIB", b"BUFR")
"""Starts of files with named arrays: HDF5, netCDF and the formats of weather services."""

_DICOM_AT, _DICOM = 128, b"DICM"
_PREFIX_SIZE = 16


@contextmanager
def opened(source: Path | IO[bytes], options: ReadOptions, notes: Notes) -> Iterator[ImageFile]:
    """Open an image file in any format that Pillow supports, without reading its pixels.

    Raises ImageError if the format is unknown, there are too many pixels, or Pillow drops samples.
    Pillow's plugins raise many types of errors.
    """
    with opened_file(source) as file:
        if is_tiff(file.read(4)):
            count_for_pillow(file, options, notes)
        image = _identified(file)
        if image is None:
            raise ImageError(_rejection_text(file))
        options.check_pixels(image.size, 1)
        yield image


def check_stated_size(content: bytes, size: tuple[int, int]) -> None:
    """Raise ImageError if JPEG or JPEG 2000 data in a file claims more than (width, height)."""
    read = _size_in_jpeg_2000 if content.startswith(_CODESTREAM) else _size_in_jpeg
    try:
        width, height = read(content)
    except (struct.error, IndexError) as error:
        raise ImageError("damaged: the header of a compressed strip or tile is missing") from error
    if width > size[0] or height > size[1]:
        raise ImageError(f"damaged: {width}x{height} pixels in a {size[0]}x{size[1]} strip or tile")


def _size_in_jpeg_2000(content: bytes) -> tuple[int, int]:
    width, height, left, top = struct.unpack_from(">4I", content, 8)
    return width - left, height - top


def _size_in_jpeg(content: bytes) -> tuple[int, int]:
    place = 2
    while content[place] == 0xFF and content[place + 1] not in _FRAMES_OF_JPEG:
        is_padding = content[place + 1] == 0xFF
        place += 1 if is_padding else 2 + struct.unpack_from(">H", content, place + 2)[0]
    if not content.startswith(b"\xff\xd8") or content[place] != 0xFF:
        raise IndexError
    height, width = struct.unpack_from(">HH", content, place + 5)
    return width, height


@contextmanager
def opened_file(source: Path | IO[bytes]) -> Iterator[IO[bytes]]:
    """A seekable file at its beginning; ImageError if it cannot be read."""
    try:
        file = source.open("rb") if isinstance(source, Path) else source
        if not (hasattr(file, "seekable") and file.seekable()):
            file = io.BytesIO(file.read())
    except (OSError, ValueError) as error:  # ValueError: not a valid path
        raise ImageError(f"the file cannot be read: {error}") from error
    file.seek(0)
    with file if isinstance(source, Path) else nullcontext(file):
        yield file


def _identified(file: IO[bytes]) -> ImageFile | None:
    """Open the file with the first plugin that accepts it. Loading all takes 40 ms."""
    file.seek(0)
    prefix, tried = file.read(_PREFIX_SIZE), {AEC, _FITS, *_STUBS}
    for load in (None, Image.preinit, Image.init):
        if load:
            load()
        for name in [name for name in Image.ID if name not in tried]:
            tried.add(name)
            if image := _opened_as(name, file, prefix):
                return image
    return None


def _rejection_text(file: IO[bytes]) -> str:
    file.seek(0)
    prefix = file.read(_DICOM_AT + len(_DICOM))
    if prefix.startswith(MAGIC):
        return "already an .aec file: use decompress to convert it to an image"
    if holds_samples(prefix):
        return f"{_UNKNOWN}; if it has bands, {ANY_CODEC}"
    if prefix[_DICOM_AT:] == _DICOM:
        return "a DICOM file: read it with pydicom, and pass its pixel_array to aecodec.compress"
    if prefix.startswith(_ARRAYS):
        return (
            "not an image, but a file with arrays, such as netCDF: read the arrays in Python, and "
            "store them with aecodec.zarr or aecodec.compress"
        )
    if prefix:
        return f"{_UNKNOWN}; if it is a picture, such as HEIC, convert it to PNG or JPEG first"
    return "the file is empty"


def _opened_as(name: str, file: IO[bytes], prefix: bytes) -> ImageFile | None:
    factory, accept = Image.OPEN[name]
    try:
        accepted = not accept or accept(prefix)
        if not accepted or isinstance(accepted, str):  # a string is the reason for rejection
            return None
        file.seek(0)
        return factory(file, "")
    except _REJECTIONS:
        return None
