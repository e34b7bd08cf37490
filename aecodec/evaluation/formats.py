"""Image formats to compare codecs with: JPEG, WebP, JPEG XL and AVIF, which Pillow writes."""

from __future__ import annotations

import io
from bisect import bisect_right
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import numpy as np
from PIL import Image

from aecodec.arrays import Pixels

with suppress(ImportError):
    import pillow_jxl  # noqa: F401 - registers JPEG XL with Pillow

T = TypeVar("T")


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
        """Whether Pillow, with its installed plugins, writes the format with its settings."""
        Image.init()
        try:
            self.encode(np.zeros((8, 8), np.uint8))
        except (KeyError, ValueError):  # the format is unknown, or a setting
            return False
        return True

    def at_quality(self, quality: int) -> PillowFormat:
        """The format at another quality."""
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
JPEG_XL = PillowFormat("JPEG XL", "JXL", {}, _JXL_QUALITIES, "aecodec[jxl]", 99)  # fails at 100
AVIF = PillowFormat("AVIF", "AVIF", {"speed": 4}, (10, 20, 30, 40, 50, 60, 70, 80), "pillow>=11.3")
COMPARED_FORMATS = (WEBP, JPEG_XL, AVIF)
"""The formats for comparisons of photographs at equal sizes, as their encoders default."""


def _tuned_avif(measure: str, tune: str, best: int) -> PillowFormat:
    settings = {**AVIF.settings, "subsampling": "4:4:4", "advanced": {"tune": tune}}
    return PillowFormat(
        f"AVIF, tuned for {measure}", "AVIF", settings, AVIF.qualities, "pillow>=12.2", best
    )


AVIF_PSNR = _tuned_avif("PSNR", "psnr", 100)
AVIF_SSIMULACRA2 = _tuned_avif("SSIMULACRA2", "ssimulacra2", 99)  # fails at 100
TUNED_FORMATS = (AVIF_PSNR, AVIF_SSIMULACRA2)
"""AVIF at its best by one measure. By default, libaom tunes it for `iq`, and subsamples chroma."""


def last_where(items: Sequence[T], holds: Callable[[T], bool]) -> T | None:
    """Find by bisection the last item for which a condition holds; None if there is none.

    The condition must hold for all items up to some place, and for none after it.

    >>> last_where([1, 2, 3, 4], lambda n: n < 3)
    2
    >>> last_where([1, 2], lambda n: n < 1) is None
    True
    """
    count = bisect_right(items, False, key=lambda item: not holds(item))
    return items[count - 1] if count else None
