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

import aecodec
from aecodec import Codec
from aecodec.arrays import Pixels
from aecodec.evaluation.scores import score
from aecodec.imaging.plots import rate_distortion_figure
from benchmarks.anchors.pillow_formats import LOSSY
from benchmarks.bd_rate import UNLIMITED, Curve, bd_rate, intersection, qualities_at
from benchmarks.harness import Options, Row
from benchmarks.pictures import first_planes
from benchmarks.scores import BD_RATES, curve_of, scores_of_levels

_OURS = "aecodec"
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
    pictures = first_planes(options.data, options.limit)
    rows = []
    for row in _scores(aecodec.load_codec(options.codec), pictures):
        yield row
        rows.append(row)
    yield from _bd_rates(rows, options)
    if options.plot:
        options.plot.write_bytes(rate_distortion_figure(_curves(rows, "psnr")))


def _scores(codec: Codec, pictures: Sequence[Pixels]) -> Iterator[Row]:
    for row in scores_of_levels(codec, pictures):
        yield {"format": _OURS, **row}
    for anchor in LOSSY:
        for quality in anchor.qualities:
            at_quality = anchor.at_quality(quality)
            scores = score(pictures, at_quality.round_trip)
            yield {"format": anchor.title, "setting": quality, **scores}


def _curves(rows: Sequence[Row], quality: str) -> dict[str, Curve]:
    """Points of (bits per pixel, quality), by format."""
    of_formats: dict[str, list[Row]] = {}
    for row in rows:
        of_formats.setdefault(row["format"], []).append(row)
    return {name: curve_of(of_format, quality) for name, of_format in of_formats.items()}


def _bd_rates(rows: Sequence[Row], options: Namespace) -> Iterator[Row]:
    measured = {title: name for title, name in BD_RATES.items() if name in rows[0]}
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
