"""Mean differences between curves of rate and quality."""

from __future__ import annotations

import math

import numpy as np
import pytest

from benchmarks.bd_rate import Curve, bd_quality, bd_rate
from benchmarks.scores import curve_of

RATES = np.geomspace(0.1, 1.6, 9)


def line(slope: float, offset: float, rates: np.ndarray = RATES) -> Curve:
    """Quality that rises by a slope with each doubling of the rate."""
    return [(rate, offset + slope * math.log2(rate)) for rate in rates]


def test_a_shift_in_quality_is_found_whatever_the_points() -> None:
    denser = line(3, 31.25, np.geomspace(0.05, 3, 40))
    assert bd_quality(denser, line(3, 30)) == pytest.approx(1.25)
    assert bd_quality(line(3, 30), denser) == pytest.approx(-1.25)


def test_the_mean_is_over_the_logarithms_of_the_rates_of_both() -> None:
    """From 0.4 to 1.6, two doublings, a difference of 1 dB per doubling has a mean of 1 dB."""
    steeper = line(4, 30 - 4 * math.log2(0.4), np.geomspace(0.4, 6.4, 7))
    anchor = line(3, 30 - 3 * math.log2(0.4))
    assert bd_quality(steeper, anchor) == pytest.approx(1)


def test_curves_without_a_common_range_have_no_difference() -> None:
    low, high = line(3, 30, RATES[:3]), line(3, 50, RATES[4:])
    assert math.isnan(bd_quality(low, high))
    assert math.isnan(bd_rate(low, high))


def test_a_curve_has_the_points_of_its_rows() -> None:
    rows = [{"bpp": 0.2, "psnr": 30, "ms_ssim": 0.9}, {"bpp": 0.4, "psnr": 33, "ms_ssim": 0.99}]
    assert curve_of(rows, "psnr") == [(0.2, 30), (0.4, 33)]
    assert np.allclose(curve_of(rows, "ms_ssim"), [(0.2, 10), (0.4, 20)])
