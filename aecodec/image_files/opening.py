"""Opening image files of any number of pixels, without a limit that the whole program shares.

`Image.open` warns above `Image.MAX_IMAGE_PIXELS` and refuses twice as many. That number belongs to
the program that calls aecodec, and to all its threads, so it is neither obeyed nor changed here:
files are opened by Pillow's plugins, and measured before a pixel is read.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from PIL import Image
from PIL.ImageFile import ImageFile

from aecodec.errors import ImageError
from aecodec.format.container import MAGIC
from aecodec.image_files.formats import AEC
from aecodec.image_files.options import ReadOptions

_NOT_THIS_FORMAT = (SyntaxError, IndexError, TypeError, struct.error)
"""Errors by which Pillow's plugins say that a file is of another format."""

_PREFIX_SIZE = 16
"""Bytes by which plugins recognize their format."""


@contextmanager
def opened(source: Path | IO[bytes], options: ReadOptions) -> Iterator[ImageFile]:
    """Open an image file of any format that Pillow knows; its pixels are not read yet.

    Raises:
        ImageError: it cannot be opened, or has too many pixels.
    """
    with _file(source) as file:
        try:
            image = _identified(file)
        except Exception as error:  # Pillow's plugins raise many types of errors
            raise ImageError(f"cannot be read as an image: {error}") from error
        if image is None:
            raise ImageError(_why_none(file))
        check_pixels(image.size, 1, options)
        yield image


def check_pixels(size: tuple[int, int], frames: int, options: ReadOptions) -> None:
    """Check that a file is not larger than what is accepted.

    Raises:
        ImageError: it is.
    """
    pixels = size[0] * size[1] * frames
    if pixels > options.pixel_limit:
        many = f"{frames} x " if frames > 1 else ""
        raise ImageError(
            f"{many}{size[0]}x{size[1]} pixels are more than the limit of "
            f"{options.pixel_limit:.0f}: compress --max-pixels {pixels} accepts them"
        )


@contextmanager
def _file(source: Path | IO[bytes]) -> Iterator[IO[bytes]]:
    if not isinstance(source, Path):
        yield source if _is_seekable(source) else io.BytesIO(source.read())
        return
    try:
        file = source.open("rb")
    except (OSError, ValueError) as error:  # ValueError: a name that no file can have
        raise ImageError(f"cannot be read as an image: {error}") from error
    with file:
        yield file


def _is_seekable(source: IO[bytes]) -> bool:
    return hasattr(source, "seekable") and source.seekable()


def _identified(file: IO[bytes]) -> ImageFile | None:
    """The file as an image; all plugins, which take 40 ms to load, only if necessary."""
    file.seek(0)
    prefix, tried = file.read(_PREFIX_SIZE), {AEC}
    for load in (Image.preinit, Image.init):
        load()
        for name in [each for each in Image.ID if each not in tried]:
            tried.add(name)
            if image := _opened_as(name, file, prefix):
                return image
    return None


def _why_none(file: IO[bytes]) -> str:
    """Why a file is no image."""
    file.seek(0)
    prefix = file.read(_PREFIX_SIZE)
    if prefix.startswith(MAGIC):
        return "an .aec file already: decompress makes an image of it"
    return "not an image that Pillow can open" if prefix else "an empty file, and no image"


def _opened_as(name: str, file: IO[bytes], prefix: bytes) -> ImageFile | None:
    factory, accept = Image.OPEN[name]
    try:
        accepted = not accept or accept(prefix)
        if not accepted or isinstance(accepted, str):  # a string says why not
            return None
        file.seek(0)
        return factory(file, "")
    except _NOT_THIS_FORMAT:
        return None
