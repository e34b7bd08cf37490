"""Opening images in tests."""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image


def opened(source: str | Path | io.BytesIO) -> Image.Image:
    """An image, loaded, with its file closed."""
    with Image.open(source) as image:
        image.load()
        return image
