"""How many bytes does a codec need at equal quality, beside JPEG, WebP, JPEG XL and AVIF?

Whole files, each picture by itself. The data are a folder of pictures, or an array of them. The
BD-rate is the mean difference in bytes at equal quality (-30 % means files 0.7 times as large), by
the PSNR of the mean squared error, by the mean of the pictures' PSNRs, by MS-SSIM, and by the mean
of the pictures' scores by SSIMULACRA2, unless they are as small as digits. It is taken over the
range that both formats cover; --between restricts the first to qualities in dB, --scores the last
to scores, and --bpp the others to the qualities that the codec gives at these bits per pixel.
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
from benchmarks.bd_rate import UNLIMITED, Curve, bd_rate, intersection, qualities_at
from benchmarks.harness import Options, Row
from benchmarks.pictures import first_pictures, without_channel_axis
from benchmarks.scores import score

_OURS = "aecodec"
_BD_RATES = {
    "bd_rate": "psnr",
    "bd_rate_mean_psnr": "mean_psnr",
    "bd_rate_ms_ssim": "ms_ssim",
    "bd_rate_ssimulacra2": "ssimulacra2",
}
_SCORES = (30.0, 80.0)
"""Scores by SSIMULACRA2 from low to high quality, at which photographs are used."""


def add_arguments(parser: Options) -> None:
    """Add the data, the codec, and the range of the BD-rate."""
    parser.add_data()
    parser.add_codec("digits")
    parser.add_limit()
    parser.add_argument("--between", type=float, nargs=2, default=UNLIMITED, metavar=("DB", "DB"))
    parser.add_argument("--bpp", type=float, nargs=2, default=UNLIMITED, metavar=("LOW", "HIGH"))
    parser.add_argument("--scores", type=float, nargs=2, default=_SCORES, metavar=("LOW", "HIGH"))
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
    yield from _bd_rates(rows, options)
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
    """Points of (bits per pixel, quality), by format."""
    curves: dict[str, list[tuple[float, float]]] = {}
    for row in rows:
        curves.setdefault(row["format"], []).append((row["bpp"], _quality(row, quality)))
    return curves


def _quality(row: Row, quality: str) -> float:
    """A quality as it is, in dB or as a score; MS-SSIM as -10 log10(1 - MS-SSIM), as is usual."""
    value = float(row[quality])
    return -10 * math.log10(1 - value) if quality == "ms_ssim" else value


def _bd_rates(rows: Sequence[Row], options: Namespace) -> Iterator[Row]:
    measured = {title: name for title, name in _BD_RATES.items() if name in rows[0]}
    curves = {title: _curves(rows, name) for title, name in measured.items()}
    for name in (anchor.title for anchor in LOSSY):
        rates = {}
        for title, of_format in curves.items():
            ours = of_format[_OURS]
            rate = bd_rate(ours, of_format[name], _counted(title, ours, options))
            rates[title] = None if math.isnan(rate) else round(rate, 4)
        yield {"format": name, **rates}


def _counted(title: str, curve: Curve, options: Namespace) -> tuple[float, float]:
    """The qualities over which a BD-rate is taken."""
    if title == "bd_rate_ssimulacra2":
        return options.scores
    at_rates = qualities_at(curve, options.bpp)
    return intersection(at_rates, options.between) if title == "bd_rate" else at_rates
