"""Reading a picture for a command."""

from __future__ import annotations

import io
from pathlib import Path

from aecodec import images
from aecodec.cli import files, talk
from aecodec.errors import ImageError
from aecodec.images import Picture


def read_picture(path: Path, quiet: bool) -> tuple[Picture, int]:
    """A picture, and the size of the file that it came from; warnings go to stderr.

    Raises:
        ImageError: it cannot be read.
    """
    content = files.read_bytes(path, ImageError)
    with talk.warnings_about(talk.name_of(path), quiet):
        return images.read(io.BytesIO(content)), len(content)
