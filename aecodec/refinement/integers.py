"""Logarithms of integers in integers."""

from __future__ import annotations

from typing import Any

import numpy as np

from aecodec.arrays import Int64


def bit_length(numbers: Any) -> Int64:
    """Number of bits of integers (...) from 0 to 2^53.

    >>> bit_length(np.array([0, 1, 7, 8])).tolist()
    [0, 1, 3, 4]
    """
    return np.frexp(np.asarray(numbers, np.float64))[1].astype(np.int64)


def log2_eighths(numbers: Any) -> Int64:
    """Logarithm to base 2 of integers (...) from 1 to 2^50, in eighths, linear between powers of 2.

    >>> log2_eighths(np.array([1, 3, 4])).tolist()
    [0, 12, 16]
    """
    numbers = np.asarray(numbers, np.int64)
    exponent = bit_length(numbers) - 1
    return 8 * (exponent - 1) + ((numbers << 3) >> exponent)
