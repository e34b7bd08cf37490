"""Opening images in tests."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from PIL import Image

import aecodec.pillow  # noqa: F401 - which registers the plugin


def opened(source: str | Path | io.BytesIO) -> Image.Image:
    with Image.open(source) as image:
        image.load()
        return image


def saved(image: Image.Image, file_format: str = "AEC", **options: Any) -> io.BytesIO:
    file = io.BytesIO()
    image.save(file, format=file_format, **options)
    file.seek(0)
    return file
