"""Fitting the prior of a level to the codes that encoders make at that level."""

from __future__ import annotations

from functools import partial

from aecodec.arrays import Codes, Latents
from aecodec.coding.levels import Level
from aecodec.coding.message_coder import PriorCoder
from aecodec.coding.payload import codes_of
from aecodec.coding.rdoq import UNMASKED, RateWeight, rdoq_symbols
from aecodec.entropy.prior import Prior
from aecodec.prior_fitting.context_fitting import fit_context
from aecodec.prior_fitting.tables import fit_prior

_FIRST_STRIDE = 6
"""The first prior, which decides codes, is fitted to every sixth picture."""


def fit_level(
    level: Level,
    latents: Latents,
    priors: int,
    units: int,
    epochs: int,
    rdoq: RateWeight = UNMASKED,
) -> Prior:
    """Fit a prior to the codes that encoders make of latents at a level.

    Where encoders weigh error against bits (RDOQ), codes depend on the prior: a first prior, fitted
    to some codes that are simply rounded, decides all codes that the prior itself is fitted to.

    Args:
        level: level of the codec.
        latents: int8 latents with the channels of all levels: (N, C) of vectors without neighbours,
            or (F, rows, columns, C) of pictures.
        priors: P, the number of competing distributions.
        units: hidden units of the context network; 0 for none.
        epochs: epochs for which the context network is trained.
        rdoq: what bits weigh in RDOQ.
    """

    def fitted(codes: Codes, pictures: int) -> Prior:
        grid = (pictures, *latents.shape[1:3]) if latents.ndim == 4 else None
        return fit_context(fit_prior(codes, priors), codes, units, epochs, grid=grid)

    if not level.gains:
        return fitted(level.quantize(level.channels_of(latents)), len(latents))
    some = latents[::_FIRST_STRIDE]
    first = fitted(level.quantize(level.channels_of(some)), len(some))
    coder = PriorCoder(first, level, partial(rdoq_symbols, rdoq, level))
    return fitted(codes_of(coder, level, latents), len(latents))
