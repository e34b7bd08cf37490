"""How many bytes does a digit cost, beside PNG, JPEG, WebP, JPEG XL and AVIF?

Whole files of single digits of the MNIST test set, and all digits in one file. PSNR is that of the
squared error averaged over all digits.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

import aecodec
from aecodec import Codec, metrics
from aecodec.arrays import Pixels
from aecodec.evaluation.formats import AVIF, JPEG, JPEG_XL, WEBP, PillowFormat, decode
from benchmarks.formats import LOSSLESS
from benchmarks.harness import Row
from benchmarks.pictures import mnist

_ERRORS = 16, 8, 2, 0
_QUALITIES = ((JPEG, 5, 20), (WEBP, 0, 20), (JPEG_XL, 5, 30), (AVIF, 0, 10))
_ANCHORS = (
    *LOSSLESS,
    *(anchor.at_quality(quality) for anchor, *qualities in _QUALITIES for quality in qualities),
)


def add_arguments(parser: ArgumentParser) -> None:
    """Add the data and the number of digits for other formats."""
    parser.add_argument("data", type=Path, help="mnist.npz")
    parser.add_argument("--peers", type=int, default=1000, help="digits for the other formats")


def measure(options: Namespace) -> Iterator[Row]:
    """Two rows per level and per maximum error, then one per other format and quality."""
    _, digits = mnist(options.data)
    codec = aecodec.load_codec("digits")
    for level in range(1, len(codec.spec.levels) + 1):
        yield from _digits(codec, digits, f"level {level}", level=level)
    for error in _ERRORS:
        yield from _digits(codec, digits, f"maximum error {error}", max_error=error)
    for anchor in _ANCHORS:
        yield _anchor(anchor, digits[: options.peers])


def _digits(codec: Codec, digits: Pixels, settings: str, **options: Any) -> Iterator[Row]:
    files = [codec.compress(digit, **options) for digit in digits]
    decoded = np.stack([np.asarray(codec.decompress(file)) for file in files])
    stack = codec.compress(digits, **options)
    error = metrics.mse(digits, decoded)
    psnr = round(metrics.psnr(error), 3) if error else None
    common = {"format": "aecodec", "digits": len(digits), "psnr": psnr}
    yield {**common, "settings": settings, "bytes": _mean_size(files)}
    settings = f"{settings}, all {len(digits):,} in one file"
    yield {**common, "settings": settings, "bytes": round(len(stack) / len(digits), 3)}


def _anchor(anchor: PillowFormat, digits: Pixels) -> Row:
    files = [anchor.encode(digit) for digit in digits]
    decoded = np.stack([decode(file, digit) for file, digit in zip(files, digits, strict=True)])
    error = metrics.mse(digits, decoded)
    quality = anchor.settings.get("quality")
    return {
        "format": anchor.title,
        "settings": "" if quality is None else f"quality {quality}",
        "digits": len(digits),
        "bytes": _mean_size(files),
        "psnr": round(metrics.psnr(error), 3) if error else None,
    }


def _mean_size(files: list[bytes]) -> float:
    return round(float(np.mean([len(file) for file in files])), 3)
