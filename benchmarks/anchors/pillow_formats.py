"""Image formats that Pillow reads and writes: PNG, JPEG, WebP, JPEG XL, AVIF."""

from __future__ import annotations

import io
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pillow_jxl  # noqa: F401 - registers JPEG XL with Pillow
from PIL import Image

from aecodec.arrays import Pixels
from aecodec.codec.rate_control import last_where


@dataclass(frozen=True)
class PillowFormat:
    """An image format at one setting.

    Attributes:
        title: name in tables.
        name: Pillow's name of the format.
        settings: Pillow's options of `Image.save`.
        qualities: values of the option `quality` that make a rate-distortion curve.
    """

    title: str
    name: str
    settings: dict[str, Any] = field(default_factory=dict)
    qualities: tuple[int, ...] = ()

    def at_quality(self, quality: int) -> PillowFormat:
        """The format at another quality."""
        return replace(self, settings={**self.settings, "quality": quality})

    def encode(self, pixels: Pixels) -> bytes:
        """Encode a picture, (H, W) or (H, W, 3) uint8, to a file."""
        file = io.BytesIO()
        Image.fromarray(pixels).save(file, format=self.name, **self.settings)
        return file.getvalue()

    def round_trip(self, pixels: Pixels) -> tuple[int, Pixels]:
        """The size of a picture's file in bytes, and what the file decodes to."""
        file = self.encode(pixels)
        return len(file), decode(file, pixels)

    def no_smaller(self, pixels: Pixels, least: int) -> tuple[int, Pixels]:
        """The round trip at the lowest quality with at least `least` bytes, or at the highest."""

        def size(quality: int) -> int:
            return len(self.at_quality(quality).encode(pixels))

        too_small = last_where(range(100), lambda quality: size(quality) < least)
        return self.at_quality(0 if too_small is None else too_small + 1).round_trip(pixels)


def decode(file: bytes, like: Pixels) -> Pixels:
    """Decode a file, to grey or to RGB as the picture that it was made of."""
    with Image.open(io.BytesIO(file)) as image:
        return np.asarray(image.convert("L" if like.ndim == 2 else "RGB"))


PNG = PillowFormat("PNG", "PNG", {"optimize": True})
LOSSLESS = (
    PNG,
    PillowFormat("WebP lossless", "WebP", {"lossless": True, "method": 6}),
    PillowFormat("JPEG XL lossless", "JXL", {"lossless": True}),
)

JPEG = PillowFormat("JPEG", "JPEG", {"optimize": True}, (5, 10, 20, 30, 45, 60, 75, 85))
WEBP = PillowFormat("WebP", "WebP", {"method": 6}, (0, 5, 15, 30, 50, 65, 78, 88))
JPEG_XL = PillowFormat("JPEG XL", "JXL", {}, (5, 15, 30, 45, 60, 70, 80, 87))
AVIF = PillowFormat("AVIF", "AVIF", {"speed": 4}, (10, 20, 30, 40, 50, 60, 70, 80))
LOSSY = (JPEG, WEBP, JPEG_XL, AVIF)
