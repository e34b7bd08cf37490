"""Reading a picture for a command."""

from __future__ import annotations

import io
from pathlib import Path

from aecodec.cli.shared.console import Console, name_of
from aecodec.cli.shared.files import read_bytes
from aecodec.imaging.picture import Picture
from aecodec.imaging.pillow_images import read_image


def read_picture(path: Path, console: Console) -> tuple[Picture, int]:
    """Read a picture, and tell the size in bytes of its file; warnings are printed.

    Raises:
        InputError: there is no such file, or it cannot be read.
        ImageError: it holds no picture of a supported kind.
    """
    content = read_bytes(path)
    return picture_in(content, path, console), len(content)


def picture_in(content: bytes, path: Path, console: Console) -> Picture:
    """The picture in the content of an image file; warnings are printed.

    Raises:
        ImageError: it holds no picture of a supported kind.
    """
    with console.warnings_about(name_of(path)):
        return read_image(io.BytesIO(content))
