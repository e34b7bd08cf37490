"""The prior of a level is fitted to the codes that encoders make."""

from __future__ import annotations

import numpy as np
from helpers.codes import busy_and_even

from aecodec.arrays import Codes
from aecodec.codec_files.levels import Level, RateWeight
from aecodec.prior_fitting.context_fitting import fit_level
from aecodec.prior_fitting.level_tables import bits, level_tables
from aecodec.prior_fitting.prior import Prior
from aecodec.prior_fitting.table_fitting import fit_prior


def test_priors_are_fitted_to_the_codes_that_encoders_make() -> None:
    latents, level = busy_and_even(60).astype(np.int8), Level(0, 6, gains=(-300,) * 6)
    simply = fit_prior(level.quantize(level.channels_of(latents)), priors=1)
    weight = RateWeight(12, 1)

    def decided(prior: Prior) -> Codes:
        return level_tables(prior, level).decide(latents, weight)

    prior = fit_level(level, latents, priors=1, units=0, epochs=1, rdoq=weight)
    first = fit_prior(level.quantize(level.channels_of(latents[::6])), priors=1)
    again = fit_prior(decided(first), priors=1)
    assert (prior.bank == again.bank).all()
    sums = [bits(candidate, decided(candidate)).sum() for candidate in (prior, simply)]
    assert sums[0] < sums[1]
    ungained = Level(0, 6)
    plain = fit_level(ungained, latents, priors=1, units=0, epochs=1)
    assert (
        plain.bank == fit_prior(ungained.quantize(ungained.channels_of(latents)), priors=1).bank
    ).all()
