"""Mean difference between two codecs in rate at equal quality.

G. Bjøntegaard, "Calculation of average PSNR differences between RD-curves", VCEG-M33, 2001, with
piecewise cubic (PCHIP) interpolation, as standards bodies use it today.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from scipy.interpolate import PchipInterpolator

Curve = Sequence[tuple[float, float]]
"""Points of (rate, quality)."""

UNLIMITED = (-math.inf, math.inf)


def bd_rate(curve: Curve, anchor: Curve, between: tuple[float, float] = UNLIMITED) -> float:
    """Mean difference in rate at equal quality: -0.3 means 30 % smaller than the anchor's.

    The result is the mean ratio of the rates, minus 1, over the qualities that both curves cover,
    or only the qualities `between` two limits in dB. It is NaN if there are none.

    >>> anchor = [(100, 30.0), (200, 33.0), (400, 36.0)]
    >>> round(bd_rate([(0.7 * rate, psnr) for rate, psnr in anchor], anchor), 6)
    -0.3
    """
    rising = _rising(curve), _rising(anchor)
    if min(map(len, rising)) < 2:
        return math.nan
    rates, anchor_rates = map(_log_rate, rising)
    low = max(rates.x[0], anchor_rates.x[0], between[0])
    high = min(rates.x[-1], anchor_rates.x[-1], between[1])
    if low >= high:
        return math.nan
    difference = rates.integrate(low, high) - anchor_rates.integrate(low, high)
    return math.exp(difference / (high - low)) - 1


def qualities_at(curve: Curve, rates: tuple[float, float]) -> tuple[float, float]:
    """Qualities of a curve at a low and a high rate; infinite at a rate that it does not reach.

    >>> qualities_at([(1, 30.0), (2, 33.0), (4, 36.0)], (0.1, 2))
    (-inf, 33.0)
    """
    curve_rates, qualities = zip(*sorted(curve), strict=True)
    log_rates = np.log(np.maximum(rates, 1e-9))
    low, high = np.interp(log_rates, np.log(curve_rates), qualities, left=-np.inf, right=np.inf)
    return float(low), float(high)


def curve_of(rows: Iterable[Mapping[str, float]], quality: str) -> Curve:
    """Points of (bits per pixel, quality) of rows with the figures of `measure`.

    MS-SSIM becomes -10 log10(1 - MS-SSIM), as is usual.

    >>> curve_of([{"bpp": 0.5, "ms_ssim": 0.9}], "ms_ssim")
    [(0.5, 10.0)]
    """
    points = [(row["bpp"], row[quality]) for row in rows]
    if quality == "ms_ssim":
        return [(rate, -10 * math.log10(1 - value)) for rate, value in points]
    return points


def _log_rate(points: Curve) -> PchipInterpolator:
    rates, qualities = zip(*points, strict=True)
    return PchipInterpolator(qualities, np.log(rates))


def _rising(curve: Curve) -> Curve:
    points: list[tuple[float, float]] = []
    for rate, quality in sorted(curve, key=lambda point: (point[0], -point[1])):
        if not points or quality > points[-1][1]:
            points.append((rate, quality))
    return points
