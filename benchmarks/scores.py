"""Rate and distortion of one format over several pictures, and the curves that they give."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np

from aecodec import Codec, metrics
from aecodec.arrays import Pixels
from benchmarks.bd_rate import Curve
from benchmarks.harness import Row

BD_RATES = {
    "bd_rate": "psnr",
    "bd_rate_mean_psnr": "mean_psnr",
    "bd_rate_ms_ssim": "ms_ssim",
    "bd_rate_ssimulacra2": "ssimulacra2",
}
"""Qualities of :func:`score` at which rates are compared, by the names of the BD-rates."""

_MIN_SIDE = 64
"""Shortest side of a picture whose score by SSIMULACRA2 says something."""

RoundTrip = Callable[[Pixels], tuple[int, Pixels]]
"""A picture to the size of its file in bytes, and to the picture that the file decodes to."""


def score(pictures: Iterable[Pixels], round_trip: RoundTrip) -> dict[str, float]:
    """Mean bytes per picture, bits per pixel, PSNR of the mean error; means of three measures.

    These are PSNR, MS-SSIM, and SSIMULACRA2 unless there are pictures with a side below 64 pixels.

    Args:
        pictures: (H, W) or (H, W, 3) uint8.
        round_trip: the format, at one setting.
    """
    sizes, pixels, errors, similarities, scores = [], 0, [], [], []
    for picture in pictures:
        size, decoded = round_trip(picture)
        sizes.append(size)
        pixels += picture.shape[0] * picture.shape[1]
        errors.append(metrics.mse(picture, decoded))
        pair = _with_channels(picture), _with_channels(decoded)
        similarities.append(metrics.ms_ssim(*pair))
        scores.append(_ssimulacra2(*pair))
    measured = {
        "bytes": round(float(np.mean(sizes)), 2),
        "bpp": round(8 * sum(sizes) / pixels, 5),
        "psnr": round(metrics.psnr(float(np.mean(errors))), 4),
        "mean_psnr": round(float(np.mean([metrics.psnr(each) for each in errors])), 4),
        "ms_ssim": round(float(np.mean(similarities)), 5),
        "ssimulacra2": round(float(np.mean(scores)), 4),
    }
    return {name: value for name, value in measured.items() if not math.isnan(value)}


def scores_of_levels(codec: Codec, pictures: Sequence[Pixels]) -> Iterator[Row]:
    """One row per level of a codec, with what :func:`score` measures."""
    for level in range(1, len(codec.spec.levels) + 1):
        yield {"setting": level, **score(pictures, round_trip_at(codec, level))}


def round_trip_at(codec: Codec, level: float) -> RoundTrip:
    """The round trip of pictures through files of a codec at a level."""

    def round_trip(picture: Pixels) -> tuple[int, Pixels]:
        file = codec.compress(picture, level=level)
        return len(file), np.asarray(codec.decompress(file))

    return round_trip


def curve_of(rows: Iterable[Row], quality: str) -> Curve:
    """Points of (bits per pixel, quality) of rows with what :func:`score` measures.

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


def _ssimulacra2(original: Pixels, decoded: Pixels) -> float:
    is_small = min(original.shape[:2]) < _MIN_SIDE
    return math.nan if is_small else metrics.ssimulacra2(original, decoded)


def _with_channels(picture: Pixels) -> Pixels:
    return picture if picture.ndim == 3 else picture[..., None]
