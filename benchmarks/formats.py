"""The formats of Pillow that benchmarks measure beside aecodec: lossless ones, and lossy ones."""

from __future__ import annotations

from aecodec.evaluation.formats import COMPARED_FORMATS, PillowFormat

PNG = PillowFormat("PNG", "PNG", {"optimize": True})
LOSSLESS = (
    PNG,
    PillowFormat("WebP lossless", "WebP", {"lossless": True, "method": 6}),
    PillowFormat("JPEG XL lossless", "JXL", {"lossless": True}),
)

JPEG = PillowFormat("JPEG", "JPEG", {"optimize": True}, (5, 10, 20, 30, 45, 60, 75, 85))
LOSSY = (JPEG, *COMPARED_FORMATS)
