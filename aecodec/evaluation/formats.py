"""Image formats to compare codecs with, written by Pillow: WebP, JPEG XL and AVIF."""

from __future__ import annotations

import io
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import numpy as np
from PIL import Image

from aecodec.arrays import Pixels
from aecodec.codec.rate_control import last_where

with suppress(ImportError):
    import pillow_jxl  # noqa: F401 - registers JPEG XL with Pillow


@dataclass(frozen=True)
class PillowFormat:
    """An image format with its settings.

    Attributes:
        title: name in tables.
        name: Pillow's name of the format.
        settings: options for Pillow's `Image.save`.
        qualities: values of the option `quality` for a rate-distortion curve.
        package: package to install if Pillow does not write the format.
        best: highest quality.
    """

    title: str
    name: str
    settings: dict[str, Any] = field(default_factory=dict)
    qualities: tuple[int, ...] = ()
    package: str = "pillow"
    best: int = 100

    @property
    def is_installed(self) -> bool:
        """Whether Pillow, with its installed plugins, writes the format."""
        Image.init()
        return self.name.upper() in Image.SAVE

    @property
    def media_type(self) -> str:
        """The media type of the format for browsers.

        >>> WEBP.media_type
        'image/webp'
        """
        Image.init()  # loads the plugins, which register the types
        return Image.MIME[self.name.upper()]

    def at_quality(self, quality: int) -> PillowFormat:
        """The format at another quality."""
        return replace(self, settings={**self.settings, "quality": quality})

    def encode(self, pixels: Pixels) -> bytes:
        """Encode a picture, (H, W) or (H, W, 3) uint8, to a file."""
        file = io.BytesIO()
        Image.fromarray(pixels).save(file, format=self.name, **self.settings)
        return file.getvalue()

    def round_trip(self, pixels: Pixels) -> tuple[int, Pixels]:
        """The size of a picture's file in bytes, and the decoded picture."""
        file = self.encode(pixels)
        return len(file), decode(file, pixels)

    def no_smaller(self, pixels: Pixels, least: int) -> bytes:
        """The file with the lowest quality that has `least` bytes or more, else the highest."""

        @cache
        def file(quality: int) -> bytes:
            return self.at_quality(quality).encode(pixels)

        too_small = last_where(range(self.best), lambda quality: len(file(quality)) < least)
        return file(0 if too_small is None else too_small + 1)


def decode(file: bytes, original: Pixels) -> Pixels:
    """Decode a file to (H, W) uint8 if its original has that shape, else to (H, W, 3)."""
    with Image.open(io.BytesIO(file)) as image:
        return np.asarray(image.convert("L" if original.ndim == 2 else "RGB"))


WEBP = PillowFormat("WebP", "WebP", {"method": 6}, (0, 5, 15, 30, 50, 65, 78, 88))
_JXL_QUALITIES = (5, 15, 30, 45, 60, 70, 80, 87)
JPEG_XL = PillowFormat("JPEG XL", "JXL", {}, _JXL_QUALITIES, "aecodec[report]", 99)  # fails at 100
AVIF = PillowFormat("AVIF", "AVIF", {"speed": 4}, (10, 20, 30, 40, 50, 60, 70, 80), "pillow>=11.3")
COMPARED_FORMATS = (WEBP, JPEG_XL, AVIF)
"""The formats for comparisons of photographs at equal sizes."""
