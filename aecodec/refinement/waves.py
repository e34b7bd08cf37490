"""The order of coding: samples whose neighbours are known follow each other in waves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

SLOPE = 3
"""A row lags three columns behind the row above, of which it reads the second sample ahead."""


class Wave(NamedTuple):
    """Rows and columns (n,) of samples of a segment that do not depend on each other."""

    rows: npt.NDArray[np.intp]
    columns: npt.NDArray[np.intp]


def waves(height: int, width: int) -> Iterator[Wave]:
    """Yield the waves of a segment, with the rows of a wave from top to bottom.

    >>> [wave.columns.tolist() for wave in waves(2, 4)]
    [[0], [1], [2], [3, 0], [1], [2], [3]]
    """
    for time in range(width + SLOPE * (height - 1)):
        first = max(0, -(-(time - width + 1) // SLOPE))
        rows = np.arange(first, min(height - 1, time // SLOPE) + 1)
        if rows.size:
            yield Wave(rows, time - SLOPE * rows)
