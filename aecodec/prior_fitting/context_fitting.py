"""Fitting a context network to codes: training in floats, then rounding to integers."""

from __future__ import annotations

from dataclasses import dataclass, replace

import keras
import numpy as np
import numpy.typing as npt

from aecodec.arrays import Codes
from aecodec.entropy.coding import bits
from aecodec.entropy.context_network import MAX_UNITS
from aecodec.entropy.prior import Prior
from aecodec.entropy.spatial_context import Grid
from aecodec.prior_fitting.table_fitting import pool_bank
from aecodec.prior_fitting.trainable_context import TrainableContext

_HELD_OUT_SHARE = 0.1
_BATCH = 256
_MANY_EPOCHS = 40


@dataclass(frozen=True)
class _Training:
    """Settings of a training: the highest learning rate, and dropout."""

    learning_rate: float
    dropout: float

    def for_epochs(self, epochs: int) -> _Training:
        """Settings with a higher rate for few epochs. At 10 epochs, it saves 1.5 % of the bits."""
        faster = max(1.0, (_MANY_EPOCHS / epochs) ** 0.5) if epochs else 1.0
        return replace(self, learning_rate=self.learning_rate * min(faster, 2.0))


_SEED = 0
_WITHOUT_GRID, _IN_GRIDS = _Training(4e-3, dropout=0.1), _Training(2e-3, dropout=0.0)
"""Pictures have so many vectors that dropout is unnecessary."""


def fit_context(
    prior: Prior,
    codes: Codes,
    units: int = 512,
    epochs: int = 40,
    grid: Grid | None = None,
) -> Prior:
    """Add a context network to a prior, if held-out vectors then take fewer bits.

    Args:
        prior: prior fitted to these codes. Its bank has the layout of
            :func:`aecodec.prior_fitting.table_fitting.fit_prior`.
        codes: (N, K) codes, of which a tenth is held out. No network is fitted for fewer than a few
            hundred vectors, or more than 1024 channels (512 in a grid).
        units: H, number of hidden units, 0 to 1024. Fewer units are smaller and faster.
        epochs: passes over the codes.
        grid: arrangement of the vectors in pictures, so that the network reads their neighbours;
            None for vectors without neighbours.

    Returns:
        The prior with its context network, or the unchanged prior.

    >>> rng = np.random.default_rng(0)
    >>> codes = (rng.normal(0, 4, (1500, 1)) + rng.normal(0, 1, (1500, 6))).round().astype(np.int16)
    >>> from aecodec.prior_fitting.table_fitting import fit_prior
    >>> prior = fit_prior(codes, priors=2)
    >>> with_context = fit_context(prior, codes, units=32, epochs=15)
    >>> bool(bits(with_context, codes).mean() < 0.9 * bits(prior, codes).mean())
    True
    """
    most = MAX_UNITS if grid is None else MAX_UNITS // 2
    (training_codes, training_grid), (held_out, held_out_grid) = _split(codes, grid)
    if not units or prior.code_dimension > most or len(training_codes) < _BATCH:
        return prior
    network = train_network(prior, training_codes, units, epochs, training_grid)
    with_context = replace(prior, context=network.quantized())
    with_context = pool_bank(with_context, training_codes, training_grid)
    is_better = (
        bits(with_context, held_out, held_out_grid).sum()
        < bits(prior, held_out, held_out_grid).sum()
    )
    return with_context if is_better else prior


def _split(
    codes: Codes, grid: Grid | None
) -> tuple[tuple[Codes, Grid | None], tuple[Codes, Grid | None]]:
    """Split whole pictures into training codes and held-out codes, with their grids."""
    shuffled = np.random.default_rng(_SEED).permutation(grid[0] if grid else len(codes))
    pictures = codes.reshape(len(shuffled), -1, codes.shape[1])

    def part(numbers: npt.NDArray[np.intp]) -> tuple[Codes, Grid | None]:
        part_codes = pictures[numbers].reshape(-1, codes.shape[1])
        return part_codes, (len(numbers), *grid[1:]) if grid else None

    training, held_out = np.split(shuffled, [int((1 - _HELD_OUT_SHARE) * len(shuffled))])
    return part(training), part(held_out)


def train_network(
    prior: Prior, codes: Codes, units: int, epochs: int, grid: Grid | None
) -> TrainableContext:
    """Train a context network in floats. The arguments are those of :func:`fit_context`."""
    keras.utils.set_random_seed(_SEED)
    training = _IN_GRIDS if grid else _WITHOUT_GRID.for_epochs(epochs)
    network = TrainableContext(prior, codes, units, grid is not None, training.dropout)
    schedule = keras.optimizers.schedules.CosineDecay(
        training.learning_rate, epochs * (len(codes) // _BATCH)
    )
    optimizer = keras.optimizers.Adam(schedule, beta_2=0.99)
    network.compile(optimizer, loss=lambda _, bits: bits)
    inputs = network.inputs(codes, grid)
    network.fit(inputs, np.zeros(len(codes)), _BATCH, epochs, verbose=0)
    return network
