"""Image formats to compare codecs with: JPEG, WebP, JPEG XL and AVIF, which Pillow writes."""

from __future__ import annotations

import io
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from PIL import Image

from aecodec.base.arrays import Pixels

with suppress(ImportError):
    import pillow_jxl  # noqa: F401 - registers JPEG XL with Pillow


@dataclass(frozen=True)
class PillowFormat:
    """An image format of Pillow with settings and the qualities of a rate-distortion curve.

    `package` is the package to install if Pillow does not write the format.
    """

    title: str
    name: str
    settings: dict[str, Any] = field(default_factory=dict)
    qualities: tuple[int, ...] = ()
    package: str = "pillow"

    @property
    def is_installed(self) -> bool:
        """Whether Pillow, with its installed plugins, writes the format with its settings."""
        Image.init()
        try:
            self.encode(np.zeros((8, 8), np.uint8))
        except (KeyError, ValueError):  # the format is unknown, or a setting
            return False
        return True

    def at_quality(self, quality: int) -> PillowFormat:
        return replace(self, settings={**self.settings, "quality": quality})

    def encode(self, pixels: Pixels) -> bytes:
        """Encode a picture, (H, W) or (H, W, 3) uint8, to a file."""
        file = io.BytesIO()
        Image.fromarray(pixels).save(file, format=self.name, **self.settings)
        return file.getvalue()


def decode(file: bytes, original: Pixels) -> Pixels:
    """Decode a file to (H, W) uint8 if its original has that shape, else to (H, W, 3)."""
    with Image.open(io.BytesIO(file)) as image:
        return np.asarray(image.convert("L" if original.ndim == 2 else "RGB"))


JPEG = PillowFormat("JPEG", "JPEG", {"optimize": True}, (5, 10, 20, 30, 45, 60, 75, 85))
WEBP = PillowFormat("WebP", "WebP", {"method": 6}, (0, 5, 15, 30, 50, 65, 78, 88))
_JXL_QUALITIES = (5, 15, 30, 45, 60, 70, 80, 87)
JPEG_XL = PillowFormat("JPEG XL", "JXL", {}, _JXL_QUALITIES, "aecodec[jxl]")
AVIF = PillowFormat("AVIF", "AVIF", {"speed": 4}, (10, 20, 30, 40, 50, 60, 70, 80), "pillow>=11.3")
COMPARED_FORMATS = (WEBP, JPEG_XL, AVIF)
"""The formats for comparisons of photographs, with their encoders' default settings."""
