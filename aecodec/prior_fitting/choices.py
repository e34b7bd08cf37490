"""What an encoder chooses for codes with a prior, and how many bits they take."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from aecodec.arrays import Codes, Float64
from aecodec.native.tables import Choices, Grid
from aecodec.prior_fitting.level_tables import level_tables
from aecodec.prior_fitting.prior import COST_UNITS, Prior

Candidates = npt.NDArray[np.uint16] | None
"""Numbers of the priors among which an encoder selects, ascending; None for all."""


def choices(
    prior: Prior, codes: Codes, grid: Grid | None = None, candidates: Candidates = None
) -> Choices:
    """The choices for codes (N, K); the grid is the arrangement of the vectors in pictures."""
    is_in_grid = grid is not None and prior.has_spatial_context
    tables = level_tables(prior, in_grid=is_in_grid, candidates=candidates)
    return tables.choices(codes, grid if is_in_grid else None)


def bits(
    prior: Prior, codes: Codes, grid: Grid | None = None, candidates: Candidates = None
) -> Float64:
    """Cost of each vector (N,) in bits, including indices and escapes.

    >>> bank, zeros = np.array([[1, 32767, 1, 32767]]), np.zeros((1, 5))
    >>> bits(Prior(bank, -1, zeros, zeros, [0]), np.array([[0, 0, 0, 0, 9]])).tolist()
    [21.0]
    """
    made = choices(prior, codes, grid, candidates)
    costs = prior.costs[made.rows, made.columns].sum(axis=1) + prior.index_costs[made.priors]
    return np.asarray(costs / COST_UNITS, np.float64)
