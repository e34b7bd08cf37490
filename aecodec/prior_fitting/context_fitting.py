"""Fitting a context network to codes: trained in floats, then rounded to integers."""

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
from aecodec.prior_fitting.tables import pool_bank
from aecodec.prior_fitting.trainable_context import TrainableContext

_HELD_OUT_SHARE = 0.1
_BATCH = 256
_MANY_EPOCHS = 40


@dataclass(frozen=True)
class _Training:
    """Highest learning rate, and dropout."""

    learning_rate: float
    dropout: float

    def for_epochs(self, epochs: int) -> _Training:
        """With a higher rate if there are few epochs; at 10 epochs it saves 1.5 % of the bits."""
        faster = max(1.0, (_MANY_EPOCHS / epochs) ** 0.5) if epochs else 1.0
        return replace(self, learning_rate=self.learning_rate * min(faster, 2.0))


_WITHOUT_GRID, _IN_GRIDS = _Training(4e-3, dropout=0.1), _Training(1e-3, dropout=0.0)
"""Pictures give enough vectors to do without dropout."""


def fit_context(
    prior: Prior,
    codes: Codes,
    units: int = 512,
    epochs: int = 40,
    seed: int = 0,
    grid: Grid | None = None,
) -> Prior:
    """Give a prior a context network, if held-out vectors then take fewer bits.

    Args:
        prior: prior fitted to these codes; its bank has the layout of
            :func:`aecodec.prior_fitting.tables.fit_prior`.
        codes: (N, K) codes, of which a tenth is held out. Fewer than some hundred vectors, or more
            than 1024 channels (512 in a grid), get no network.
        units: H, number of hidden units, 0 to 1024; fewer are smaller and faster.
        epochs: passes over the codes.
        seed: seed of the first weights, the order of the vectors and the dropout.
        grid: where the vectors lie in pictures, for the network to read their neighbours; None for
            vectors without neighbours.

    Returns:
        The prior with its context network, or the prior as it was.

    >>> rng = np.random.default_rng(0)
    >>> codes = (rng.normal(0, 4, (1500, 1)) + rng.normal(0, 1, (1500, 6))).round().astype(np.int16)
    >>> from aecodec.prior_fitting.tables import fit_prior
    >>> alone = fit_prior(codes, priors=2)
    >>> with_context = fit_context(alone, codes, units=32, epochs=15)
    >>> bool(bits(with_context, codes).mean() < 0.9 * bits(alone, codes).mean())
    True
    """
    most = MAX_UNITS if grid is None else MAX_UNITS // 2
    (fitted_on, grid_of_fitted), (held_out, grid_of_held_out) = _split(codes, grid, seed)
    if not units or prior.code_dimension > most or len(fitted_on) < _BATCH:
        return prior
    network = train_network(prior, fitted_on, units, epochs, seed, grid_of_fitted)
    fitted = pool_bank(replace(prior, context=network.quantized()), fitted_on, grid_of_fitted)
    with_context, without = (
        bits(each, held_out, grid_of_held_out).sum() for each in (fitted, prior)
    )
    return fitted if with_context < without else prior


def _split(
    codes: Codes, grid: Grid | None, seed: int
) -> tuple[tuple[Codes, Grid | None], tuple[Codes, Grid | None]]:
    """The codes to fit on and those held out, in whole pictures, and their grids."""
    shuffled = np.random.default_rng(seed).permutation(grid[0] if grid else len(codes))
    pictures = codes.reshape(len(shuffled), -1, codes.shape[1])

    def part(numbers: npt.NDArray[np.intp]) -> tuple[Codes, Grid | None]:
        of_part = pictures[numbers].reshape(-1, codes.shape[1])
        return of_part, (len(numbers), *grid[1:]) if grid else None

    fitted, held_out = np.split(shuffled, [int((1 - _HELD_OUT_SHARE) * len(shuffled))])
    return part(fitted), part(held_out)


def train_network(
    prior: Prior, codes: Codes, units: int, epochs: int, seed: int, grid: Grid | None
) -> TrainableContext:
    """Train a context network in floats; the arguments are those of :func:`fit_context`."""
    keras.utils.set_random_seed(seed)
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
