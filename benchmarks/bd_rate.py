"""The average saving in bytes at equal quality between two curves.

G. Bjøntegaard, "Calculation of average PSNR differences between RD-curves", VCEG-M33, 2001, with
piecewise cubic (PCHIP) interpolation, as the standards bodies take it today.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.interpolate import PchipInterpolator

Curve = Sequence[tuple[float, float]]


def bd_rate(curve: Curve, anchor: Curve, between: tuple[float, float] = (-np.inf, np.inf)) -> float:
    """How much larger files are than the anchor's at equal quality: -0.3 is 30 % smaller.

    Args:
        curve: (rate, dB) points, two at least.
        anchor: likewise, of the codec that is compared with.
        between: the lowest and the highest dB to count, within what both curves reach.

    Returns:
        The mean ratio of rates, less 1; NaN where the curves share no quality.

    >>> anchor = [(100, 30.0), (200, 33.0), (400, 36.0)]
    >>> round(bd_rate([(0.7 * rate, psnr) for rate, psnr in anchor], anchor), 6)
    -0.3
    """
    log_rate, log_anchor = _log_rate(curve), _log_rate(anchor)
    low = max(log_rate.x[0], log_anchor.x[0], between[0])
    high = min(log_rate.x[-1], log_anchor.x[-1], between[1])
    if low >= high:
        return float("nan")
    difference = log_rate.integrate(low, high) - log_anchor.integrate(low, high)
    return float(np.exp(difference / (high - low)) - 1)


def qualities_at(curve: Curve, rates: tuple[float, float]) -> tuple[float, float]:
    """What a curve gives at a low and a high rate: without bound where it does not reach them.

    Args:
        curve: (rate, dB) points.
        rates: the low and the high one.

    >>> qualities_at([(1, 30.0), (2, 33.0), (4, 36.0)], (0.1, 2))
    (-inf, 33.0)
    """
    points = sorted(curve)
    log_rates = np.log([rate for rate, _ in points])
    low, high = np.interp(
        np.log(np.maximum(rates, 1e-9)),
        log_rates,
        [quality for _, quality in points],
        left=-np.inf,
        right=np.inf,
    )
    return float(low), float(high)


def _log_rate(curve: Curve) -> PchipInterpolator:
    """The logarithm of the rate as a function of quality, of points where both rise."""
    points: list[tuple[float, float]] = []
    for rate, quality in sorted(curve):
        if not points or quality > points[-1][1]:
            points.append((rate, quality))
    rates, qualities = zip(*points, strict=True)
    return PchipInterpolator(qualities, np.log(rates))
