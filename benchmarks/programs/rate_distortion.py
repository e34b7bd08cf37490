"""How many bytes does a codec need at equal quality, beside JPEG, WebP, JPEG XL and AVIF?

The benchmark measures whole files with one picture each, from a folder or an array. The BD-rate is
the mean difference in bytes at equal quality (-30 % means files 0.7 times as large). Quality is the
PSNR of the mean squared error, the mean of the pictures' PSNRs, MS-SSIM and, unless pictures are as
small as digits, the mean SSIMULACRA2 score. A BD-rate covers the range that both formats cover.
--between limits the first BD-rate to qualities in dB. --bpp limits all BD-rates but the last to the
qualities that the codec reaches at these bits per pixel. The last covers scores from 30 to 80.

--only NAME... measures only these formats and aecodec.
"""

from __future__ import annotations

import math
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import islice
from pathlib import Path

import aecodec
from aecodec.evaluation import evaluate
from aecodec.evaluation.evaluate import Coder, codec_coder, format_coder, pixel_errors
from aecodec.imaging.plots import figure_of_curves
from benchmarks.bd_rate import UNLIMITED, Curve, bd_rate, curve_of, qualities_at
from benchmarks.formats import BEST, LOSSY
from benchmarks.harness import Row
from benchmarks.pictures import first_pictures

_BD_RATES = {
    "bd_rate": "psnr",
    "bd_rate_mean_psnr": "mean_psnr",
    "bd_rate_ms_ssim": "ms_ssim",
    "bd_rate_ssimulacra2": "ssimulacra2",
}
"""Qualities at which the rates are compared, by the names of the BD-rates."""

_CODEC = "aecodec"
_ANCHORS = {anchor.title: anchor for anchor in (*LOSSY, *BEST)}
_LEAST_SIDE = 64
"""Least side of pictures for which SSIMULACRA2 is meaningful."""
_SCORES = (30.0, 80.0)
"""SSIMULACRA2 scores of photographs in use, from low to high quality."""


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("data", type=Path)
    parser.add_argument("--codec", default="digits", metavar="NAME|FILE")
    parser.add_argument("--limit", type=int, default=1000, help="maximum number of pictures")
    parser.add_argument("--between", type=float, nargs=2, default=UNLIMITED, metavar=("DB", "DB"))
    parser.add_argument("--bpp", type=float, nargs=2, default=UNLIMITED, metavar=("LOW", "HIGH"))
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw the curves as PNG")
    parser.add_argument("--step", type=int, default=1, help="measure every STEP-th setting")
    parser.add_argument("--only", nargs="+", choices=_ANCHORS, metavar="NAME")


def measure(options: Namespace) -> Iterator[Row]:
    """One row per format and setting, then one per format with its BD-rates."""
    rows = []
    for row in _rows(options):
        yield row
        rows.append(row)
    formats = list(dict.fromkeys(row["format"] for row in rows))
    for anchor in formats[1:]:
        yield {"format": anchor, **_bd_rates(rows, anchor, options)}
    if options.plot:
        curves = {name: _curve(rows, name, "psnr") for name in formats}
        options.plot.write_bytes(figure_of_curves({"PSNR, dB": curves}))


def _rows(options: Namespace) -> Iterator[Row]:
    pictures = first_pictures(options.data, options.limit)
    is_scored = min(min(picture.size) for picture in pictures) >= _LEAST_SIDE
    errors_of = partial(pixel_errors, ssimulacra2=is_scored)
    for name in (_CODEC, *(options.only or _ANCHORS)):
        for coder in islice(_coders(name, options), None, None, options.step):
            values = evaluate.measure(coder, pictures, errors_of)
            yield {"format": name, "setting": coder.level, **values}


def _coders(name: str, options: Namespace) -> Iterator[Coder]:
    """The codec at its levels, or a format at its qualities; none if it is not installed."""
    if name == _CODEC:
        codec = aecodec.load_codec(options.codec)
        yield from (codec_coder(codec, level) for level in range(1, len(codec.spec.levels) + 1))
    elif _ANCHORS[name].is_installed:
        for quality in _ANCHORS[name].qualities:
            yield format_coder(_ANCHORS[name], quality)


def _curve(rows: Sequence[Row], name: str, quality: str) -> Curve:
    """Points of (bits per pixel, quality) of a format."""
    return curve_of([row for row in rows if row["format"] == name], quality)


def _bd_rates(rows: Sequence[Row], anchor: str, options: Namespace) -> Row:
    rates = {}
    for title, quality in _BD_RATES.items():
        if rows[0].get(quality) is not None:
            curve = _curve(rows, _CODEC, quality)
            between = _range(quality, curve, options)
            rate = bd_rate(curve, _curve(rows, anchor, quality), between)
            rates[title] = None if math.isnan(rate) else round(rate, 4)
    return rates


def _range(quality: str, curve: Curve, options: Namespace) -> tuple[float, float]:
    if quality == "ssimulacra2":
        return _SCORES
    low, high = qualities_at(curve, options.bpp)
    if quality == "psnr":
        return max(low, options.between[0]), min(high, options.between[1])
    return low, high
