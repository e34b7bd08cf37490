"""Priors are fitted to codes, the same for the same seed."""

from __future__ import annotations

import numpy as np

from aecodec.prior_fitting.level_tables import bits
from aecodec.prior_fitting.table_fitting import fit_prior


def test_fitting_is_deterministic_and_competition_pays() -> None:
    rng = np.random.default_rng(0)
    kinds = rng.integers(0, 2, 4000)[:, None]
    codes = np.where(kinds, rng.normal(-6, 1, (4000, 8)), rng.normal(6, 1, (4000, 8)))
    codes = codes.round().astype(np.int16)
    single, pair, again = (fit_prior(codes, priors=p, tables=64) for p in (1, 2, 2))
    for name in ("bank", "table", "offset", "index"):
        assert (getattr(pair, name) == getattr(again, name)).all()
    assert bits(pair, codes).mean() < bits(single, codes).mean() - 5
    assert bits(pair, codes).mean() < 8 * np.log2(np.sqrt(2 * np.pi * np.e)) + 2


def test_a_symbol_that_is_nearly_always_0_costs_nearly_nothing() -> None:
    """Although another channel of the same vectors has a range of 200."""
    wide = np.random.default_rng(0).integers(-100, 101, (20_000, 1))
    codes = np.hstack([wide, np.zeros((20_000, 63), np.int64)]).astype(np.int16)
    mean = bits(fit_prior(codes, priors=1), codes).mean()
    assert mean < np.log2(201) + 0.1  # 0.28 more with a frequency for every symbol of the range
