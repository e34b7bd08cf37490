"""Costs of symbols in whole units of 1/256 bit, identical on every machine."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from aecodec.arrays import Float64, Int32
from aecodec.entropy.range_coder import TABLE_BITS

COST_UNITS = 256
"""Costs are integers in 1/256 bit."""

ESCAPE_BITS = 16
"""Number of bits that code the value of an escaped symbol."""


def integer_costs(frequencies: npt.NDArray[Any]) -> Int32:
    """Convert frequencies (1..65535) to costs, rounded to 1/256 bit.

    No frequency is close enough to a tie for the last digits of the logarithm to matter (a test
    checks all of them), so every machine computes the same integers.

    >>> integer_costs(np.array([65535, 32768, 1])).tolist()
    [0, 256, 4096]
    """
    return np.rint(COST_UNITS * ideal_bits(frequencies)).astype(np.int32)


def ideal_bits(frequencies: npt.NDArray[Any]) -> Float64:
    """Convert frequencies to ideal code lengths in bits.

    >>> ideal_bits(np.array([32768])).tolist()
    [1.0]
    """
    return TABLE_BITS - np.log2(frequencies.astype(np.float64))
