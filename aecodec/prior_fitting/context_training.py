"""Training of the context networks of levels, one after the other."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from aecodec.base.arrays import Codes
from aecodec.native.tables import Grid, neighbours
from aecodec.prior_fitting.context_network import KINDS
from aecodec.prior_fitting.prior import Prior
from aecodec.prior_fitting.trainable_context import TrainableContext

_LOG = logging.getLogger(__name__)

_SEED = 0
_MANY_EPOCHS = 40

BATCH, _CONTINUED_BATCH = 256, 512
"""Vectors per training step; a network that starts with weights gets more."""

_CONTINUED_SHARE = 0.5
"""Epochs of a network that starts with weights, as a share of the epochs from random weights."""

_STEPS_PER_MESSAGE = 20


class ContextTraining:
    """Trains context networks, each for a number of `epochs`.

    Networks that read neighbours start with the weights of the previous network, if it has as many
    priors, channels and units. They need fewer epochs if that network was trained with as many
    codes. In total, all networks are trained with about `vectors` codes; the log shows how many are
    finished.
    """

    def __init__(self, epochs: int, vectors: int = 0) -> None:
        self._epochs, self._vectors, self._finished, self._most = epochs, vectors, 0, 0
        self._previous: dict[tuple[int, ...], TrainableContext] = {}

    def train(self, prior: Prior, codes: Codes, units: int, grid: Grid | None) -> TrainableContext:
        """Train a network for a prior and the codes (N, K), which are arranged in a grid."""
        keras.utils.set_random_seed(_SEED)
        # Pictures have so many vectors that dropout is unnecessary.
        network = TrainableContext(prior, codes, units, grid is not None, 0.0 if grid else 0.1)
        shape = prior.priors, *network.kernel.shape
        start = self._previous.get(shape) if grid else None
        if start:
            network.start_from(start)
        is_continued = start is not None and len(codes) <= self._most
        self._previous[shape], self._most = network, max(self._most, len(codes))
        self._fit(network, network.inputs(codes, grid), _groups(len(codes), grid), is_continued)
        return network

    def _fit(
        self, network: TrainableContext, inputs: Any, groups: list[Any], is_continued: bool
    ) -> None:
        # A larger learning rate for few epochs saves 1.5 % of the bits at 10 epochs.
        faster = min(max(1.0, (_MANY_EPOCHS / max(self._epochs, 1)) ** 0.5), 2.0)
        size, rate, epochs = BATCH, 2e-3 if network.spatial else 4e-3 * faster, float(self._epochs)
        if is_continued:
            size, rate, epochs = _CONTINUED_BATCH, 3e-3, epochs * _CONTINUED_SHARE
        count = len(inputs[0])
        steps = max(1, count // size)
        total, shares = round(epochs * steps), [-(-len(group) // steps) for group in groups]
        schedule = keras.optimizers.schedules.CosineDecay(rate, max(1, total))
        step = _step(network, shares, keras.optimizers.Adam(schedule, beta_2=0.99))
        for number, batch in enumerate(_batches(groups, shares, steps, total)):
            step([array[batch] for array in inputs])
            if number % _STEPS_PER_MESSAGE == 0:
                done = self._finished + count * number // total, self._vectors
                _LOG.debug("trained on %d of %d vectors", *done, extra={"finished": done})
        self._finished += count


def _step(network: TrainableContext, shares: list[int], optimizer: Any) -> Callable[[Any], None]:
    variables = network.trainable_variables
    optimizer.build(variables)

    @tf.function  # type: ignore[untyped-decorator]
    def step(vectors: Any) -> None:
        with tf.GradientTape() as tape:
            bits = tf.reduce_mean(network(vectors, counts=shares, training=True))
        optimizer.apply(tape.gradient(bits, variables), variables)

    return step


def _groups(vectors: int, grid: Grid | None) -> list[npt.NDArray[np.intp]]:
    """Numbers of the vectors with each kind of neighbours, and of those without neighbours."""
    kind = np.tile(neighbours(*grid[1:]).kind, grid[0]) if grid else np.full(vectors, -1)
    return [np.flatnonzero(kind == number) for number in (*range(KINDS), -1)]


def _batches(groups: list[Any], shares: list[int], steps: int, total: int) -> Iterator[Any]:
    """Numbers of random vectors, with a share of each group, in the order of the groups."""
    rng = np.random.default_rng(_SEED)
    for number in range(total):
        if number % steps == 0:
            drawn = [
                np.resize(rng.permutation(group), (steps, share))
                for group, share in zip(groups, shares, strict=True)
            ]
            epoch = np.concatenate(drawn, axis=1)
        yield epoch[number % steps]
