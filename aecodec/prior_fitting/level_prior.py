"""Fitting the prior of a level to the codes of encoders at that level."""

from __future__ import annotations

from functools import partial

from aecodec.arrays import Codes, Latents
from aecodec.coding.levels import UNMASKED, Level, RateWeight
from aecodec.coding.payload import codes_of
from aecodec.coding.prior_coder import PriorCoder, rdoq_symbols
from aecodec.entropy.prior import Prior
from aecodec.prior_fitting.context_fitting import fit_context
from aecodec.prior_fitting.table_fitting import fit_prior

_FIRST_STRIDE = 6
"""The preliminary prior, with which RDOQ chooses codes, is fitted to every sixth picture."""


def fit_level(
    level: Level,
    latents: Latents,
    priors: int,
    units: int,
    epochs: int,
    rdoq: RateWeight = UNMASKED,
) -> Prior:
    """Fit a prior to the codes that encoders make from latents at a level.

    With RDOQ, encoders weigh errors against bits, so the codes depend on the prior. A preliminary
    prior is then fitted to some of the rounded latents. RDOQ chooses all codes with it, and the
    final prior is fitted to these codes.

    The int8 `latents` have the channels of all levels: (N, C) for vectors without neighbours, or
    (F, rows, columns, C) for pictures. The prior has P distributions (`priors`), and a context
    network with this number of hidden `units` (0 for none), trained for `epochs`. `rdoq` is the
    weight of bits.
    """

    def fitted(codes: Codes, pictures: int) -> Prior:
        grid = (pictures, *latents.shape[1:3]) if latents.ndim == 4 else None
        return fit_context(fit_prior(codes, priors), codes, units, epochs, grid=grid)

    if not level.gains:
        return fitted(level.quantize(level.channels_of(latents)), len(latents))
    subset = latents[::_FIRST_STRIDE]
    preliminary = fitted(level.quantize(level.channels_of(subset)), len(subset))
    coder = PriorCoder(preliminary, level, partial(rdoq_symbols, rdoq, level))
    return fitted(codes_of(coder, level, latents), len(latents))
