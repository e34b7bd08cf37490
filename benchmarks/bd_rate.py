"""Mean differences between two codecs: in rate at equal quality, and in quality at equal rate.

G. Bjøntegaard, "Calculation of average PSNR differences between RD-curves", VCEG-M33, 2001, with
piecewise cubic (PCHIP) interpolation, as standards bodies use it today.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from scipy.interpolate import PchipInterpolator

Curve = Sequence[tuple[float, float]]
"""Points of (rate, quality)."""

UNLIMITED = (-math.inf, math.inf)


def bd_rate(curve: Curve, anchor: Curve, between: tuple[float, float] = UNLIMITED) -> float:
    """Mean difference in rate at equal quality: -0.3 means 30 % smaller than the anchor's.

    Args:
        curve: at least two points of (rate, dB).
        anchor: the same for the codec that is compared with.
        between: lowest and highest dB to integrate over, within the range that both curves cover.

    Returns:
        The mean ratio of the rates, less 1; NaN if the curves have no quality in common, or one of
        them does not rise.

    >>> anchor = [(100, 30.0), (200, 33.0), (400, 36.0)]
    >>> round(bd_rate([(0.7 * rate, psnr) for rate, psnr in anchor], anchor), 6)
    -0.3
    """
    return math.exp(_mean_difference(_log_rate(curve), _log_rate(anchor), between)) - 1


def bd_quality(curve: Curve, anchor: Curve) -> float:
    """Mean difference in quality at equal rate: 0.5 means half a decibel better than the anchor.

    Args:
        curve: at least two points of (rate, dB).
        anchor: the same for the codec that is compared with.

    Returns:
        The mean, over the logarithms of the rates that both curves cover, of the difference; NaN if
        they have no rate in common, or one of them does not rise.

    >>> anchor = [(100, 30.0), (200, 33.0), (400, 36.0)]
    >>> round(bd_quality([(rate, psnr + 0.5) for rate, psnr in anchor], anchor), 6)
    0.5
    """
    return _mean_difference(_quality(curve), _quality(anchor))


def qualities_at(curve: Curve, rates: tuple[float, float]) -> tuple[float, float]:
    """Qualities of a curve at a low and a high rate; infinite at a rate that it does not reach.

    Args:
        curve: points of (rate, dB).
        rates: the low and the high rate.

    >>> qualities_at([(1, 30.0), (2, 33.0), (4, 36.0)], (0.1, 2))
    (-inf, 33.0)
    """
    points = sorted(curve)
    low, high = np.interp(
        np.log(np.maximum(rates, 1e-9)),
        np.log([rate for rate, _ in points]),
        [quality for _, quality in points],
        left=-np.inf,
        right=np.inf,
    )
    return float(low), float(high)


def intersection(one: tuple[float, float], other: tuple[float, float]) -> tuple[float, float]:
    """The interval that two intervals share.

    >>> intersection((27, 32), (28, 40))
    (28, 32)
    """
    return max(one[0], other[0]), min(one[1], other[1])


def _mean_difference(one: Curve, other: Curve, between: tuple[float, float] = UNLIMITED) -> float:
    """Mean difference of two functions, given by points, where both are defined.

    NaN if they nowhere are: a single point is no function.
    """
    if min(len(one), len(other)) < 2:
        return math.nan
    first, second = (PchipInterpolator(*zip(*points, strict=True)) for points in (one, other))
    low = max(first.x[0], second.x[0], between[0])
    high = min(first.x[-1], second.x[-1], between[1])
    if low >= high:
        return math.nan
    return float((first.integrate(low, high) - second.integrate(low, high)) / (high - low))


def _log_rate(curve: Curve) -> Curve:
    """Logarithm of the rate as a function of the quality."""
    return [(quality, math.log(rate)) for rate, quality in _rising(curve)]


def _quality(curve: Curve) -> Curve:
    """Quality as a function of the logarithm of the rate."""
    return [(math.log(rate), quality) for rate, quality in _rising(curve)]


def _rising(curve: Curve) -> Curve:
    """The points where rate and quality both rise."""
    points: list[tuple[float, float]] = []
    for rate, quality in sorted(curve, key=lambda point: (point[0], -point[1])):
        if not points or quality > points[-1][1]:
            points.append((rate, quality))
    return points
