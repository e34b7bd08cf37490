"""Mean differences between curves of rate and quality."""

from __future__ import annotations

import doctest
import math

import numpy as np
import pytest

from benchmarks import bd_rate as module
from benchmarks.bd_rate import Curve, bd_rate

RATES = np.geomspace(0.1, 1.6, 9)


def line(slope: float, offset: float, rates: np.ndarray = RATES) -> Curve:
    return [(rate, offset + slope * math.log2(rate)) for rate in rates]


def test_the_mean_is_over_the_qualities_of_both_curves_within_limits() -> None:
    """Twice the slope halves the doublings between a rate and the common rate of 1."""
    assert bd_rate(line(6, 30), line(3, 30), (27, 30)) == pytest.approx(2**0.25 - 1)
    low, high = line(3, 30, RATES[:3]), line(3, 50, RATES[4:])
    assert math.isnan(bd_rate(low, high))
    assert math.isnan(bd_rate(low[:1], low))
    assert doctest.testmod(module, raise_on_error=True).attempted > 0
