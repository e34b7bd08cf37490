"""Reading a picture for a command."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

from aecodec.cli.shared.console import Console, name_of
from aecodec.cli.shared.files import read_bytes
from aecodec.image_files.options import ReadOptions
from aecodec.image_files.reading import origin_of, read_image
from aecodec.imaging.picture import Picture

_DEFAULT = ReadOptions()


def read_picture(
    path: Path, console: Console, options: ReadOptions = _DEFAULT
) -> tuple[Picture, int]:
    """Read a picture, with its origin, and tell the size in bytes of its file.

    Warnings are printed.

    Raises:
        InputError: there is no such file, or it cannot be read.
        ImageError: it holds no picture, or one of a kind that the options do not accept.
    """
    content = read_bytes(path)
    picture = picture_in(content, path, console, options)
    return replace(picture, origin=origin_of(path)), len(content)


def picture_in(
    content: bytes, path: Path, console: Console, options: ReadOptions = _DEFAULT
) -> Picture:
    """The picture in the content of an image file; warnings are printed.

    Raises:
        ImageError: it holds no picture, or one of a kind that the options do not accept.
    """
    with console.warnings_about(name_of(path)):
        return read_image(io.BytesIO(content), options)
