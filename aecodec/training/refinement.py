"""Training a decoder further, on codes as files hold them.

While both halves are trained, rounding has a soft stand-in, latents are floats, and none is moved
for the sake of its bits. A decoder that is trained last, on the codes of the finished int8 encoder,
learns what they really are (Z. Guo et al., "Soft then hard: rethinking the quantization in neural
image compression", 2021).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras

from aecodec.export.coded_tiles import CodedTiles
from aecodec.training.batches import ENDLESS, coded_batches
from aecodec.training.distortions.mixture import Mixture
from aecodec.training.losses.base import RateOptions
from aecodec.training.losses.decoder_only import DecoderLoss
from aecodec.training.optimization.optimizers import optimizer_of
from aecodec.training.optimization.precision import policy_in
from aecodec.training.optimization.schedule import Schedule

_STEPS_OF_EPOCH = 200


@dataclass(frozen=True)
class Refinement:
    """How a decoder is trained further.

    Attributes:
        rate_weights: lambda of each level.
        options: details of the rate term, which weighs pictures against each other.
        distortion: what decoded pictures are measured by.
        optimizer: `adam` or `muon`.
        learning_rate: the highest learning rate.
        batch_size: tiles per step.
        steps: number of steps; None if the duration is given.
        minutes: duration; None if the number of steps is given.
        seed: seed of the order of the tiles.
    """

    rate_weights: Sequence[float]
    options: RateOptions
    distortion: Mixture
    optimizer: str
    learning_rate: float
    batch_size: int
    steps: int | None = None
    minutes: float | None = None
    seed: int = 0

    def refine(self, decoder: Any, tiles: CodedTiles, callbacks: Sequence[Any] = ()) -> None:
        """Train a decoder.

        Args:
            decoder: quantization-aware Keras model from latents to pictures in 0..1.
            tiles: tiles and their codes.
            callbacks: Keras callbacks.
        """
        keras.utils.set_random_seed(self.seed)
        loss = DecoderLoss(decoder, self.rate_weights, self.options, self.distortion)
        loss.compile(optimizer_of(self.optimizer, policy_in(decoder)), jit_compile=False)
        loss.optimizer.build(loss.trainable_variables)
        schedule = Schedule(self.learning_rate, self.steps, self.minutes)
        loss.fit(
            coded_batches(tiles, self.batch_size, self.seed),
            epochs=ENDLESS,  # the schedule ends it
            steps_per_epoch=min(_STEPS_OF_EPOCH, self.steps or _STEPS_OF_EPOCH),
            shuffle=False,  # the batches are random
            callbacks=[schedule, *callbacks],
            verbose=0,
        )
