"""How many bytes does a digit cost, beside PNG, JPEG, WebP, JPEG XL and AVIF?

The benchmark measures whole files with single digits from the MNIST test set, and a file with all
digits. PSNR is computed from the squared error averaged over all digits.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

import aecodec
from aecodec import Codec, metrics
from aecodec.base.arrays import Pixels
from aecodec.evaluation.formats import AVIF, JPEG, JPEG_XL, WEBP, PillowFormat, decode
from benchmarks.formats import LOSSLESS
from benchmarks.harness import Row
from benchmarks.pictures import mnist

_ERRORS = 16, 8, 2, 0
_PEERS = 1000
"""Digits that other formats are measured on."""
_QUALITIES = ((JPEG, 5, 20), (WEBP, 0, 20), (JPEG_XL, 5, 30), (AVIF, 0, 10))
_ANCHORS = (
    *LOSSLESS,
    *(anchor.at_quality(quality) for anchor, *qualities in _QUALITIES for quality in qualities),
)


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("data", type=Path, help="mnist.npz")


def measure(options: Namespace) -> Iterator[Row]:
    _, digits = mnist(options.data)
    codec = aecodec.load_codec("digits")
    for level in range(1, len(codec.spec.levels) + 1):
        yield _digits(codec, digits, f"level {level}", level=level)
    for error in _ERRORS:
        yield _digits(codec, digits, f"maximum error {error}", max_error=error)
    for anchor in _ANCHORS:
        yield _anchor(anchor, digits[:_PEERS])


def _digits(codec: Codec, digits: Pixels, settings: str, **options: Any) -> Row:
    files = [codec.compress(digit, **options) for digit in digits]
    decoded = np.stack([np.asarray(codec.decompress(file)) for file in files])
    together = round(len(codec.compress(digits, **options)) / len(digits), 3)
    row = _row("aecodec", settings, digits, decoded, files)
    return row | {"bytes_in_one_file": together}


def _anchor(anchor: PillowFormat, digits: Pixels) -> Row:
    files = [anchor.encode(digit) for digit in digits]
    decoded = np.stack([decode(file, digit) for file, digit in zip(files, digits, strict=True)])
    quality = anchor.settings.get("quality")
    settings = "" if quality is None else f"quality {quality}"
    return _row(anchor.title, settings, digits, decoded, files)


def _row(name: str, settings: str, digits: Pixels, decoded: Pixels, files: list[bytes]) -> Row:
    error = metrics.mse(digits, decoded)
    return {
        "format": name,
        "digits": len(digits),
        "psnr": round(metrics.psnr(error), 3) if error else None,
        "settings": settings,
        "bytes": round(float(np.mean([len(file) for file in files])), 3),
    }
