"""Reading a picture for a command."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

from aecodec.cli.shared.console import Console, name_of
from aecodec.cli.shared.files import read_bytes
from aecodec.errors import ImageError
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
        ImageError: it cannot be read, or is of a kind that the options do not accept.
    """
    content = read_bytes(path, ImageError)
    with console.warnings_about(name_of(path)):
        picture = read_image(io.BytesIO(content), options)
    return replace(picture, origin=origin_of(path)), len(content)
