"""Fitting the prior of a level to codes, with a context network if it saves bits."""

from __future__ import annotations

from dataclasses import replace

import keras
import numpy as np

from aecodec.arrays import Codes, Latents
from aecodec.codec_files.levels import UNMASKED, Level, RateWeight
from aecodec.native.tables import Grid
from aecodec.prior_fitting.context_network import MAX_UNITS
from aecodec.prior_fitting.level_tables import bits, level_tables
from aecodec.prior_fitting.prior import Prior
from aecodec.prior_fitting.table_fitting import fit_prior, pool_bank
from aecodec.prior_fitting.trainable_context import TrainableContext

_HELD_OUT_SHARE = 0.1
_BATCH = 256
_MANY_EPOCHS = 40

_SEED = 0

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
    tables = level_tables(preliminary, level, channels=latents.shape[-1], in_grid=latents.ndim == 4)
    return fitted(tables.decide(latents, rdoq), len(latents))


def fit_context(
    prior: Prior,
    codes: Codes,
    units: int = 512,
    epochs: int = 40,
    grid: Grid | None = None,
) -> Prior:
    """Add a context network to a prior, if held-out vectors then take fewer bits.

    The prior was fitted to these codes (N, K), of which a tenth is held out. The network has 0 to
    1024 hidden `units`; fewer are smaller and faster. With a `grid`, the arrangement of the vectors
    in pictures, it reads their neighbours. The prior is returned unchanged if there are fewer than
    a few hundred vectors, or more than 1024 channels (512 in a grid).
    """
    most = MAX_UNITS if grid is None else MAX_UNITS // 2
    trained, held_out = _split(codes, grid)
    if not units or prior.code_dimension > most or len(trained[0]) < _BATCH:
        return prior
    network = train_network(prior, trained[0], units, epochs, trained[1])
    with_context = pool_bank(replace(prior, context=network.quantized()), *trained)
    is_better = bits(with_context, *held_out).sum() < bits(prior, *held_out).sum()
    return with_context if is_better else prior


def _split(codes: Codes, grid: Grid | None) -> list[tuple[Codes, Grid | None]]:
    """Split whole pictures into training codes and held-out codes, with their grids."""
    shuffled = np.random.default_rng(_SEED).permutation(grid[0] if grid else len(codes))
    pictures = codes.reshape(len(shuffled), -1, codes.shape[1])
    parts = np.split(shuffled, [int((1 - _HELD_OUT_SHARE) * len(shuffled))])
    return [
        (
            pictures[part].reshape(-1, codes.shape[1]),
            (len(part), *grid[1:]) if grid else None,
        )
        for part in parts
    ]


def train_network(
    prior: Prior, codes: Codes, units: int, epochs: int, grid: Grid | None
) -> TrainableContext:
    """Train a context network in floats. The arguments are those of :func:`fit_context`."""
    keras.utils.set_random_seed(_SEED)
    # A larger learning rate for few epochs saves 1.5 % of the bits at 10 epochs.
    faster = min(max(1.0, (_MANY_EPOCHS / epochs) ** 0.5), 2.0) if epochs else 1.0
    # Pictures have so many vectors that dropout is unnecessary.
    rate, dropout = (2e-3, 0.0) if grid else (4e-3 * faster, 0.1)
    network = TrainableContext(prior, codes, units, grid is not None, dropout)
    schedule = keras.optimizers.schedules.CosineDecay(rate, epochs * (len(codes) // _BATCH))
    optimizer = keras.optimizers.Adam(schedule, beta_2=0.99)
    network.compile(optimizer, loss=lambda _, bits: bits)
    inputs = network.inputs(codes, grid)
    network.fit(inputs, np.zeros(len(codes)), _BATCH, epochs, verbose=0)
    return network
