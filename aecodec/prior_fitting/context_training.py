"""Training of the context networks of levels, one after the other."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from aecodec.arrays import Codes
from aecodec.native.tables import Grid, neighbours
from aecodec.prior_fitting.context_network import KINDS
from aecodec.prior_fitting.prior import Prior
from aecodec.prior_fitting.trainable_context import TrainableContext

_LOG = logging.getLogger(__name__)

_SEED = 0
_MANY_EPOCHS = 40

BATCH = 256
"""Vectors per training step, without neighbours."""

_BATCH_IN_GRID = 512

_CONTINUED_SHARE = 0.375
"""Epochs of a network that starts with weights, as a share of those from random weights."""

Batch = npt.NDArray[np.intp]


class ContextTraining:
    """Trains context networks with a number of `epochs`, for P competing priors each.

    Networks that read neighbours start with the weights of the previous network, if it has as many
    channels and units, and then need fewer epochs. All trainings together have about `vectors`
    code vectors; messages to the log state the finished share of them.
    """

    def __init__(self, epochs: int, vectors: int = 0) -> None:
        self._epochs, self._vectors = epochs, vectors
        self._finished, self._previous = 0.0, dict[tuple[int, ...], TrainableContext]()

    def train(self, prior: Prior, codes: Codes, units: int, grid: Grid | None) -> TrainableContext:
        """Train a network for a prior and the codes (N, K), which are arranged in a grid."""
        keras.utils.set_random_seed(_SEED)
        # Pictures have so many vectors that dropout is unnecessary.
        network = TrainableContext(prior, codes, units, grid is not None, 0.0 if grid else 0.1)
        shape, epochs = (prior.priors, *network.kernel.shape), float(self._epochs)
        if grid and shape in self._previous:
            network.start_from(self._previous[shape])
            epochs *= _CONTINUED_SHARE
        inputs, kinds = network.inputs(codes, grid), _members_by_kind(len(codes), grid)
        steps = len(codes) // (_BATCH_IN_GRID if grid else BATCH)
        counts = [max(len(members) // steps, min(len(members), 1)) for members in kinds]
        total = round(epochs * steps)
        step = _training_step(network, counts, _schedule(self._epochs, total, grid))
        for batch in _batches(kinds, counts, steps, total):
            step([array[batch] for array in inputs])
            self._advance(len(codes) / total)
        self._previous[shape] = network
        return network

    def _advance(self, vectors: float) -> None:
        before, self._finished = self._finished, self._finished + vectors
        percent = [int(100 * done / max(self._vectors, 1)) for done in (before, self._finished)]
        if percent[1] > percent[0]:
            _LOG.debug("fitted %d %% of the priors", percent[1], extra={"percent": percent[1]})


def _schedule(epochs: int, steps: int, grid: Grid | None) -> Any:
    # A larger learning rate for few epochs saves 1.5 % of the bits at 10 epochs.
    faster = min(max(1.0, (_MANY_EPOCHS / epochs) ** 0.5), 2.0) if epochs else 1.0
    return keras.optimizers.schedules.CosineDecay(3e-3 if grid else 4e-3 * faster, max(1, steps))


def _training_step(
    network: TrainableContext, counts: Sequence[int], schedule: Any
) -> Callable[[Any], None]:
    optimizer = keras.optimizers.Adam(schedule, beta_2=0.99)
    variables = network.trainable_variables
    optimizer.build(variables)

    @tf.function  # type: ignore[untyped-decorator]
    def step(vectors: Any) -> None:
        with tf.GradientTape() as tape:
            bits = tf.reduce_mean(network(vectors, counts=counts, training=True))
        optimizer.apply(tape.gradient(bits, variables), variables)

    return step


def _members_by_kind(vectors: int, grid: Grid | None) -> list[Batch]:
    """Numbers of the vectors with each kind of neighbours, and of those without neighbours."""
    if not grid:
        return [np.arange(vectors)]
    kind = np.tile(neighbours(*grid[1:]).kind, grid[0])
    return [np.flatnonzero(kind == number) for number in (*range(KINDS), -1)]


def _batches(
    kinds: Sequence[Batch], counts: Sequence[int], steps: int, total: int
) -> Iterator[Batch]:
    """Numbers of random vectors, sorted by kind; each batch has as many of a kind."""
    rng = np.random.default_rng(_SEED)
    for number in range(total):
        if number % steps == 0:  # an epoch begins
            parts = [
                np.resize(rng.permutation(members), (steps, count))
                for members, count in zip(kinds, counts, strict=True)
            ]
            epoch = np.concatenate(parts, axis=1)
        yield epoch[number % steps]
