"""How close are previews of some sizes to the pictures, reduced to 32 x 32 pixels?"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator

import numpy as np
from PIL import Image

from aecodec import metrics, preview
from aecodec.arrays import Pixels
from benchmarks.harness import Options, Row
from benchmarks.pictures import first_pictures

_SIZES = (21, 34, 55)


def add_arguments(parser: Options) -> None:
    """Add the data, the sizes, and the number of pictures."""
    parser.add_data()
    parser.add_argument("--sizes", type=int, nargs="+", default=_SIZES, help="bytes, at most")
    parser.add_limit()


def measure(options: Namespace) -> Iterator[Row]:
    """One row per size: means of bytes, PSNR in dB and MS-SSIM."""
    pictures = first_pictures(options.data, options.limit)
    reduced = [_reduced(picture.pixels[0]) for picture in pictures]
    for size in options.sizes:
        yield {"max_bytes": size, **_means(reduced, size)}


def _reduced(pixels: Pixels) -> Image.Image:
    return Image.fromarray(pixels).resize((32, 32), Image.Resampling.LANCZOS)


def _means(pictures: list[Image.Image], size: int) -> dict[str, float]:
    payloads = [preview.encode(picture, size, shape=False) for picture in pictures]
    pairs = [
        (np.asarray(picture), np.asarray(preview.decode(payload)))
        for picture, payload in zip(pictures, payloads, strict=True)
    ]
    return {
        "bytes": float(np.mean([len(payload) for payload in payloads])),
        "psnr": float(np.mean([metrics.psnr(metrics.mse(*pair)) for pair in pairs])),
        "ms_ssim": float(np.mean([metrics.ms_ssim(*pair) for pair in pairs])),
    }
