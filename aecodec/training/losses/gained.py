"""The loss for levels that share their channels and differ in gains."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from aecodec.arrays import Float32
from aecodec.keras_models.pair import KerasPair
from aecodec.keras_models.roles import Role, set_role
from aecodec.training.losses.base import (
    LossOfLevels,
    RateOptions,
    costs,
    noisy,
    numbers_in,
    softly_rounded,
    straight_through,
)
from aecodec.training.losses.mixture import Mixture, mean_squares
from aecodec.training.losses.spatial import SpatialEntropyModel
from aecodec.training.networks.precision import policy_in

_DEAD_ZONE = 0.58
"""Latents below this fraction of a step are coded as 0, as by encoders; see
:meth:`aecodec.codec_files.levels.Level.quantize`."""


class GainedRateDistortionLoss(LossOfLevels):
    """Distortion + rate weight x rate, for levels that share their channels and differ in gains.

    Latents are multiplied by gains, one per channel and level, before rounding, and divided by them
    for the decoder (Z. Cui et al., "Asymmetric gained deep image compression with continuous rate
    adaptation", 2021). Each picture of a batch has a single level. For noise, rounding and loss
    weights, see :mod:`aecodec.training.losses.separate_channels`.

    Noise is added to softly rounded latents. At coarse levels, most latents are far below half a
    step. Rounding turns them into zeros that cost nothing, but noise alone would cost about a
    quarter of a bit for each latent.

    The encoder maps images (h, w, C) to latents (rows, columns, K). `rate_weights` are the lambdas
    of L levels, in squared error of a picture (pixels in 0..1, summed) per bit. `gains` (L, K) are
    initial gains; None to derive them from the rate weights.
    """

    def __init__(
        self,
        pair: KerasPair,
        rate_weights: Sequence[float],
        options: RateOptions,
        distortion: Mixture,
        gains: Float32 | None = None,
    ) -> None:
        levels, channels = len(rate_weights), pair.code_dimension
        super().__init__(pair, distortion, levels)
        self.rate_weights = tf.constant(np.array(rate_weights), tf.float32)
        self.level_weights = tf.constant(np.array(options.weights_of(levels)), tf.float32)
        self.cost_power = options.cost_power
        initial = _initial_log_gains(rate_weights, channels) if gains is None else np.log(gains)
        self.log_gains = self.add_weight(
            shape=(levels, channels),
            initializer=keras.initializers.Constant(initial),
            name="log_gains",
        )
        set_role(self.log_gains, Role.CODE_STATISTICS)
        self.entropy_model = SpatialEntropyModel(channels, levels, dtype=policy_in(pair.decoder))
        self.built = True  # all parts are built

    @property
    def gains(self) -> Float32:
        """(L, K) factors by which the latents are multiplied at each level."""
        return np.exp(self.log_gains.numpy())

    def start_from(self, images: Any) -> None:
        """Initialize the entropy model for the latents of images (N, h, w, C)."""
        latents = np.asarray(self.encoder(images), np.float32)
        self.entropy_model.start_from(latents.std(axis=(0, 1, 2)))

    def images_in(self, batch: Any) -> Any:
        """The images (N, h, w, C) of a batch."""
        return batch

    def distortions(self, decoded: Any, batch: Any) -> Any:
        """(N,) distortions of decoded images, which are minimized."""
        return self.distortion(decoded, batch)

    def squared_errors_of(self, decoded: Any, batch: Any) -> Any:
        """(N,) squared errors of decoded images, which are reported."""
        return mean_squares(decoded, batch)

    def train_step(self, batch: Any) -> dict[str, Any]:
        images = self.images_in(batch)
        # All levels occur equally often, and the pictures are in random order.
        numbers = tf.range(tf.shape(images)[0]) + tf.random.uniform((), 0, 1 << 20, tf.int32)
        levels = numbers % len(self.bits)
        with tf.GradientTape() as tape:
            bits, decoded = self._coded(images, levels, training=True)
            distortions = self.distortions(decoded, batch)
            cost = self.total_cost(bits, distortions, levels, pixels=numbers_in(images))
        self.minimize(cost, tape)
        self.cost.update_state(cost)
        self._count(bits, self.squared_errors_of(decoded, batch), levels)
        return self.results()

    def test_step(self, batch: Any) -> dict[str, Any]:
        images = self.images_in(batch)
        numbers, pictures = tf.range(len(self.bits)), tf.shape(images)[0]

        def at_level(number: Any) -> tuple[Any, Any, Any]:
            bits, decoded = self._coded(images, tf.fill([pictures], number), training=False)
            return bits, self.distortions(decoded, batch), self.squared_errors_of(decoded, batch)

        # Tracing a graph for one level takes less time than tracing a graph for each level.
        measured = tf.map_fn(at_level, numbers, 1, fn_output_signature=(tf.float32,) * 3)
        bits, distortions, errors = (tf.reshape(values, [-1]) for values in measured)
        levels = tf.repeat(numbers, pictures)
        self.cost.update_state(self.total_cost(bits, distortions, levels, numbers_in(images)))
        self._count(bits, errors, levels)
        return self.results()

    def total_cost(self, bits: Any, distortions: Any, levels: Any, pixels: int) -> Any:
        """The loss for (N,) bits, distortions and numbers of levels, from 0.

        `pixels` is the number of values in a picture.
        """
        weights = tf.gather(self.level_weights, levels)
        picture_costs = costs(pixels * distortions, bits, tf.gather(self.rate_weights, levels))
        return tf.reduce_mean(weights * picture_costs**self.cost_power)

    def _coded(self, images: Any, levels: Any, training: bool) -> tuple[Any, Any]:
        """(N,) bits of the pictures at their levels, and the decoded pictures."""
        gains = tf.exp(tf.gather(self.log_gains, levels))
        grid_gains = gains[:, None, None]
        latents = tf.cast(self.encoder(images, training=training), tf.float32) * grid_gains
        codes = tf.where(tf.abs(latents) < _DEAD_ZONE, 0.0, tf.round(latents))
        known = straight_through(latents, codes)
        coded = noisy(softly_rounded(latents)) if training else codes
        bits = self.entropy_model(coded, known, gains, levels)
        return bits, self.decoder(known / grid_gains, training=training)

    def _count(self, bits: Any, errors: Any, levels: Any) -> None:
        for n in range(len(self.bits)):
            of_level = tf.cast(levels == n, tf.float32)
            self.bits[n].update_state(bits, sample_weight=of_level)
            self.squared_errors[n].update_state(errors, sample_weight=of_level)


class WeightedLoss(GainedRateDistortionLoss):
    """Weighted squared error + rate weight x rate.

    Batches (N, h, w, 2 B) contain the weights after the images.
    """

    def images_in(self, batch: Any) -> Any:
        return tf.split(batch, 2, axis=-1)[0]

    def distortions(self, decoded: Any, batch: Any) -> Any:
        return self.squared_errors_of(decoded, batch)

    def squared_errors_of(self, decoded: Any, batch: Any) -> Any:
        images, weights = tf.split(batch, 2, axis=-1)
        squares = weights * tf.square(tf.cast(decoded, tf.float32) - images)
        return tf.reduce_mean(squares, axis=(1, 2, 3))


def _initial_log_gains(rate_weights: Sequence[float], channels: int) -> Any:
    """(L, K) logarithms of gains: steps grow as the root of lambda, around 1."""
    logarithms = np.log(np.array(rate_weights))
    return np.repeat((logarithms.mean() - logarithms)[:, None] / 2, channels, axis=1)
