"""How does a photograph look beside WebP and AVIF when all files have the same size?

The photograph is one that scikit-learn carries unless another is given. The other formats' files
are those of the lowest quality that makes them no smaller than aecodec's. Bytes and PSNR are those
of the whole picture; the figure shows the crop.
"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import sklearn.datasets
from PIL import Image

import aecodec
from aecodec import Codec, metrics
from aecodec.arrays import Pixels
from aecodec.codec.rate_control import last_where
from aecodec.imaging.plots import pictures_figure
from benchmarks.anchors.pillow_formats import AVIF, WEBP, PillowFormat, decode
from benchmarks.harness import Options, Row

_PHOTOGRAPH = Path(sklearn.datasets.__file__).parent / "images" / "china.jpg"
_CROP = (150, 20, 200, 160)


def add_arguments(parser: Options) -> None:
    """Add the picture, the codec and its level, the crop and the figure."""
    parser.add_data("picture", nargs="?", default=_PHOTOGRAPH)
    parser.add_codec("photo")
    parser.add_argument("--level", type=float)
    parser.add_argument(
        "--crop", type=int, nargs=4, default=_CROP, metavar=("LEFT", "TOP", "WIDTH", "HEIGHT")
    )
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw the crops as PNG")


def measure(options: Namespace) -> Iterator[Row]:
    """One row per format."""
    with Image.open(options.picture) as image:
        pixels = np.asarray(image)
    left, top, width, height = options.crop
    drawn = {"original": pixels[top : top + height, left : left + width]}
    for name, size, decoded in _files(aecodec.load_codec(options.codec), pixels, options.level):
        psnr = metrics.psnr(metrics.mse(pixels, decoded))
        yield {"format": name, "bytes": size, "psnr": round(psnr, 2)}
        caption = f"{name}, {size:,} bytes, {psnr:.2f} dB"
        drawn[caption] = decoded[top : top + height, left : left + width]
    if options.plot:
        options.plot.write_bytes(pictures_figure(drawn))


def _files(codec: Codec, pixels: Pixels, level: float | None) -> Iterator[tuple[str, int, Pixels]]:
    """Name of each format, size of its file in bytes, and what the file decodes to."""
    ours = codec.compress(pixels, level=level)
    yield "aecodec", len(ours), np.asarray(codec.decompress(ours))
    for anchor in (WEBP, AVIF):
        file = _no_smaller(anchor, pixels, len(ours))
        yield anchor.title, len(file), decode(file, pixels)


def _no_smaller(anchor: PillowFormat, pixels: Pixels, least: int) -> bytes:
    """The file of the lowest quality with at least `least` bytes."""

    def file(quality: int) -> bytes:
        return anchor.at_quality(quality).encode(pixels)

    too_small = last_where(range(100), lambda quality: len(file(quality)) < least)
    return file(0 if too_small is None else too_small + 1)
