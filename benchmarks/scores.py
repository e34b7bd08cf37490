"""Curves of rate and distortion over several pictures."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence

from aecodec import Codec
from aecodec.arrays import Pixels
from aecodec.evaluation.scores import round_trip_at, score
from benchmarks.bd_rate import Curve
from benchmarks.harness import Row

BD_RATES = {
    "bd_rate": "psnr",
    "bd_rate_mean_psnr": "mean_psnr",
    "bd_rate_ms_ssim": "ms_ssim",
    "bd_rate_ssimulacra2": "ssimulacra2",
}
"""Qualities of `score` at which rates are compared, by the names of the BD-rates."""


def scores_of_levels(codec: Codec, pictures: Sequence[Pixels]) -> Iterator[Row]:
    """One row per level of a codec, with what `score` measures."""
    for level in range(1, len(codec.spec.levels) + 1):
        yield {"setting": level, **score(pictures, round_trip_at(codec, level))}


def curve_of(rows: Iterable[Row], quality: str) -> Curve:
    """Points of (bits per pixel, quality) of rows with what `score` measures.

    Args:
        rows: one per setting of a format.
        quality: its name; MS-SSIM becomes -10 log10(1 - MS-SSIM), as is usual.

    >>> curve_of([{"bpp": 0.5, "ms_ssim": 0.9}], "ms_ssim")
    [(0.5, 10.0)]
    """
    return [(row["bpp"], _on_axis(row, quality)) for row in rows]


def _on_axis(row: Row, quality: str) -> float:
    value = float(row[quality])
    return -10 * math.log10(1 - value) if quality == "ms_ssim" else value
