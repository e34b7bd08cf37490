"""The image formats that Pillow writes, as they are measured against."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pillow_jxl  # noqa: F401 - registers JPEG XL with Pillow
from PIL import Image

from aecodec import metrics
from aecodec.images import Pixels

LOSSLESS: dict[str, tuple[str, dict[str, Any]]] = {
    "PNG": ("PNG", {"optimize": True}),
    "WebP lossless": ("WebP", {"lossless": True, "method": 6}),
    "JPEG XL lossless": ("JXL", {"lossless": True}),
}

LOSSY: dict[str, tuple[str, dict[str, Any], tuple[int, ...]]] = {
    "JPEG": ("JPEG", {"optimize": True}, (5, 10, 20, 30, 45, 60, 75, 85)),
    "WebP": ("WebP", {"method": 6}, (0, 5, 15, 30, 50, 65, 78, 88)),
    "JPEG XL": ("JXL", {}, (5, 15, 30, 45, 60, 70, 80, 87)),
    "AVIF": ("AVIF", {"speed": 4}, (10, 20, 30, 40, 50, 60, 70, 80)),
}
"""Pillow's name, its settings, and the qualities that make a curve."""


def saved(pixels: Pixels, name: str, settings: dict[str, Any]) -> bytes:
    """A picture as a file.

    Args:
        pixels: (H, W) or (H, W, 3) uint8.
        name: Pillow's, of the format.
        settings: Pillow's.
    """
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, format=name, **settings)
    return file.getvalue()


def restored(file: bytes, like: Pixels) -> Pixels:
    """A file's pixels, in the mode of the picture that it was made of."""
    with Image.open(io.BytesIO(file)) as image:
        return np.asarray(image.convert("L" if like.ndim == 2 else "RGB"))


def measure(
    pictures: Iterable[Pixels], code: Callable[[Pixels], tuple[int, Pixels]]
) -> dict[str, float]:
    """Bytes a picture and bits a pixel; PSNR of the mean error, and the mean of PSNRs.

    Args:
        pictures: (H, W) or (H, W, 3) uint8.
        code: a picture to the size of its file and what came back.
    """
    sizes, pixels, errors, similarities = [], 0, [], []
    for picture in pictures:
        size, back = code(picture)
        sizes.append(size)
        pixels += picture.shape[0] * picture.shape[1]
        errors.append(metrics.mse(picture, back))
        similarities.append(metrics.ms_ssim(_planes(picture), _planes(back)))
    return {
        "bytes": round(float(np.mean(sizes)), 2),
        "bpp": round(8 * sum(sizes) / pixels, 5),
        "psnr": round(metrics.psnr(float(np.mean(errors))), 4),
        "mean_psnr": round(float(np.mean([metrics.psnr(each) for each in errors])), 4),
        "ms_ssim": round(float(np.mean(similarities)), 5),
    }


def _planes(picture: Pixels) -> Pixels:
    return picture if picture.ndim == 3 else picture[..., None]
