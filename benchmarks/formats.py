"""The lossless and lossy formats of Pillow that benchmarks compare with aecodec."""

from __future__ import annotations

from contextlib import suppress
from typing import IO

import numpy as np
from PIL import Image

from aecodec.evaluation.formats import AVIF, COMPARED_FORMATS, JPEG, PillowFormat

with suppress(ImportError):
    import ajpegli

    def _save(image: Image.Image, file: IO[bytes], _: str | bytes) -> None:
        file.write(ajpegli.encode(np.asarray(image), **image.encoderinfo))

    Image.register_save("JPEGLI", _save)

PNG = PillowFormat("PNG", "PNG", {"optimize": True})
LOSSLESS = (
    PNG,
    PillowFormat("WebP lossless", "WebP", {"lossless": True, "method": 6}),
    PillowFormat("JPEG XL lossless", "JXL", {"lossless": True}),
)

LOSSY = (JPEG, *COMPARED_FORMATS)

JPEGLI = PillowFormat("jpegli", "jpegli", {}, (1, 10, 20, 35, 50, 65, 75, 85), "ajpegli")


def _tuned_avif(measure: str, tune: str) -> PillowFormat:
    settings = {**AVIF.settings, "subsampling": "4:4:4", "advanced": {"tune": tune}}
    return PillowFormat(
        f"AVIF, tuned for {measure}", "AVIF", settings, AVIF.qualities, "pillow>=12.2"
    )


TUNED_FORMATS = (_tuned_avif("PSNR", "psnr"), _tuned_avif("SSIMULACRA2", "ssimulacra2"))
"""AVIF tuned for one measure. By default, libaom tunes for `iq` and subsamples chroma."""

BEST = (JPEGLI, *TUNED_FORMATS)
"""JPEG by a newer encoder, and AVIF with its best settings."""
