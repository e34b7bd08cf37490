"""A prior and a level as the tables of the library: an `aecodec_codec` of `aecodec.h`."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from aecodec.arrays import Codes, Float64
from aecodec.codec_files.levels import Level
from aecodec.native.tables import Choices, Grid, LevelTables
from aecodec.prior_fitting.context_network import POSITIONS
from aecodec.prior_fitting.level_section import arrays_of
from aecodec.prior_fitting.prior import COST_UNITS, Prior

Candidates = npt.NDArray[np.uint16] | None
"""Numbers of the priors among which an encoder selects, ascending; None for all."""


def level_numbers(prior: Prior, level: Level) -> dict[str, int]:
    """The numbers of a level by name."""
    return {
        "start": level.start,
        "code_dimension": level.code_dimension,
        "multiple": level.multiple,
        "shapes": len(prior.bank) // POSITIONS,
        "escape": prior.symbols,
        "others": int(not prior.has_zeros),
        "first": prior.first,
        "all_priors": prior.priors,
        "max_slice": prior.max_slice,
    }


def level_tables(
    prior: Prior,
    level: Level | None = None,
    *,
    channels: int | None = None,
    in_grid: bool = True,
    candidates: Candidates = None,
) -> LevelTables:
    """The tables of a level for the library, which codes vectors in a grid or without neighbours.

    Without a `level`, latents are codes. They have the `channels` of all levels, by default those
    up to the last one of this level.
    """
    level = level or Level(0, prior.code_dimension)
    arrays = arrays_of(prior, candidates)
    if level.gains:
        arrays["factors"] = level.factors.astype(np.uint16)
    return LevelTables(
        {
            **level_numbers(prior, level),
            "priors": len(arrays["prior_numbers"]),
            "tile_width": 1,
            "tile_height": 1,
            "channels": 1,
            "is_convolutional": in_grid,
            "vectors_per_tile": 1,
            "latent_channels": channels or level.stop,
        },
        arrays,
    )


def choices(
    prior: Prior, codes: Codes, grid: Grid | None = None, candidates: Candidates = None
) -> Choices:
    """What an encoder chooses for codes (N, K); the grid is their arrangement in pictures."""
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
    chosen = choices(prior, codes, grid, candidates)
    costs = prior.costs[chosen.rows, chosen.columns].sum(axis=1) + prior.index_costs[chosen.priors]
    return np.asarray(costs / COST_UNITS, np.float64)
