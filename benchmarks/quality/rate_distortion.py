"""How many bytes does a codec need at equal quality, beside JPEG, WebP, JPEG XL and AVIF?

Whole files, each picture by itself. The data are a folder of pictures, or an array of them. The
BD-rate is the mean difference in bytes at equal quality (-30 % means files 0.7 times as large), by
the PSNR of the mean squared error, by the mean of the pictures' PSNRs, and by MS-SSIM. It is taken
over the range that both formats cover; --between restricts the first to qualities in dB, --bpp
restricts all three to the qualities that the codec gives at these bits per pixel.
"""

from __future__ import annotations

import math
from argparse import Namespace
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

import aecodec
from aecodec import Codec
from aecodec.arrays import Pixels
from aecodec.imaging.plots import rate_distortion_figure
from benchmarks.anchors.pillow_formats import LOSSY
from benchmarks.bd_rate import UNLIMITED, bd_rate, intersection, qualities_at
from benchmarks.harness import Options, Row
from benchmarks.pictures import first_pictures, without_channel_axis
from benchmarks.scores import score

_OURS = "aecodec"
_BD_RATES = {"bd_rate": "psnr", "bd_rate_mean_psnr": "mean_psnr", "bd_rate_ms_ssim": "ms_ssim"}

Interval = tuple[float, float]


def add_arguments(parser: Options) -> None:
    """Add the data, the codec, and the range of the BD-rate."""
    parser.add_data()
    parser.add_codec("digits")
    parser.add_limit()
    parser.add_argument("--between", type=float, nargs=2, default=UNLIMITED, metavar=("DB", "DB"))
    parser.add_argument("--bpp", type=float, nargs=2, default=UNLIMITED, metavar=("LOW", "HIGH"))
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw the curves as PNG")


def measure(options: Namespace) -> Iterator[Row]:
    """One row per format and setting, then one per format with its BD-rates."""
    pictures = [
        without_channel_axis(picture.pixels[0])
        for picture in first_pictures(options.data, options.limit)
    ]
    rows = []
    for row in _scores(aecodec.load_codec(options.codec), pictures):
        yield row
        rows.append(row)
    yield from _bd_rates(rows, tuple(options.between), tuple(options.bpp))
    if options.plot:
        options.plot.write_bytes(rate_distortion_figure(_curves(rows, "psnr")))


def _scores(codec: Codec, pictures: Sequence[Pixels]) -> Iterator[Row]:
    for level in range(1, len(codec.spec.levels) + 1):

        def round_trip(picture: Pixels, level: int = level) -> tuple[int, Pixels]:
            file = codec.compress(picture, level=level)
            return len(file), np.asarray(codec.decompress(file))

        yield {"format": _OURS, "setting": level, **score(pictures, round_trip)}
    for anchor in LOSSY:
        for quality in anchor.qualities:
            at_quality = anchor.at_quality(quality)
            scores = score(pictures, at_quality.round_trip)
            yield {"format": anchor.title, "setting": quality, **scores}


def _curves(rows: Sequence[Row], quality: str) -> dict[str, list[tuple[float, float]]]:
    """Points of (bits per pixel, quality in dB), by format."""
    curves: dict[str, list[tuple[float, float]]] = {}
    for row in rows:
        curves.setdefault(row["format"], []).append((row["bpp"], _in_db(row, quality)))
    return curves


def _in_db(row: Row, quality: str) -> float:
    """A quality in dB; MS-SSIM as -10 log10(1 - MS-SSIM), as is usual."""
    value = float(row[quality])
    return -10 * math.log10(1 - value) if quality == "ms_ssim" else value


def _bd_rates(rows: Sequence[Row], between: Interval, bpp: Interval) -> Iterator[Row]:
    curves = {quality: _curves(rows, quality) for quality in _BD_RATES.values()}
    for name in (anchor.title for anchor in LOSSY):
        rates = {}
        for title, quality in _BD_RATES.items():
            ours, theirs = curves[quality][_OURS], curves[quality][name]
            limits = between if quality == "psnr" else UNLIMITED
            counted = intersection(qualities_at(ours, bpp), limits)
            rates[title] = round(bd_rate(ours, theirs, counted), 4)
        yield {"format": name, **rates}
