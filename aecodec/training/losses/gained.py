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
    TrainingOptions,
    costs,
    noisy,
    numbers_in,
    softly_rounded,
    straight_through,
)
from aecodec.training.losses.distortions import mean_squares
from aecodec.training.losses.spatial import SpatialEntropyModel
from aecodec.training.networks.quantization_aware import policy_in

_DEAD_ZONE = 0.58
"""Latents below this fraction of a step are coded as 0, as by encoders; see
:meth:`aecodec.codec_files.levels.Level.quantize`."""


class GainedRateDistortionLoss(LossOfLevels):
    """Distortion + rate weight x rate, for levels that share their channels and differ in gains.

    Latents are multiplied by gains, one per channel and level, before rounding, and divided by them
    for the decoder (Z. Cui et al., "Asymmetric gained deep image compression with continuous rate
    adaptation", 2021). Each picture of a batch has a single level. For noise, rounding and loss
    weights, see :mod:`aecodec.training.losses.base`.

    Noise is added to softly rounded latents. At coarse levels, most latents are far below half a
    step. Rounding turns them into zeros that cost nothing, but noise alone would cost about a
    quarter of a bit for each latent.

    The encoder maps images (h, w, C) to latents (rows, columns, K). `rate_weights` are the lambdas
    of L levels, in squared error of a picture (pixels in 0..1, summed) per bit. `gains` (L, K) are
    initial gains; None to derive them from the rate weights. If the loss `is_weighted`, batches
    (N, h, w, 2 B) contain weights of the squared errors after the images.
    """

    def __init__(
        self,
        pair: KerasPair,
        rate_weights: Sequence[float],
        options: TrainingOptions,
        gains: Float32 | None = None,
        is_weighted: bool = False,
    ) -> None:
        levels, channels = len(rate_weights), pair.code_dimension
        super().__init__(pair, options, levels)
        self.rate_weights = tf.constant(np.array(rate_weights), tf.float32)
        self.is_weighted = is_weighted
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

    def measured(self, batch: Any, training: bool) -> tuple[Any, dict[str, Any]]:
        images = tf.split(batch, 2, axis=-1)[0] if self.is_weighted else batch
        pictures, numbers = tf.shape(images)[0], tf.range(len(self.bits))
        if training:  # all levels occur equally often, and the pictures are in random order
            turns = tf.range(pictures) + tf.random.uniform((), 0, 1 << 20, tf.int32)
            levels = turns % len(self.bits)
            bits, distortions, errors = self._at(levels, images, batch, training)
        else:
            levels = tf.repeat(numbers, pictures)
            # Tracing a graph for one level takes less time than tracing a graph for each level.
            results = tf.map_fn(
                lambda n: self._at(tf.fill([pictures], n), images, batch, training),
                numbers,
                fn_output_signature=(tf.float32,) * 3,
            )
            bits, distortions, errors = (tf.reshape(values, [-1]) for values in results)
        cost = self.total_cost(bits, distortions, levels, pixels=numbers_in(images))
        self.cost.update_state(cost)
        for n in range(len(self.bits)):
            of_level = tf.cast(levels == n, tf.float32)
            self.bits[n].update_state(bits, sample_weight=of_level)
            self.squared_errors[n].update_state(errors, sample_weight=of_level)
        return cost, self.results()

    def _at(self, levels: Any, images: Any, batch: Any, training: bool) -> tuple[Any, Any, Any]:
        """(N,) bits, distortions and squared errors of images at their levels."""
        bits, decoded = self._coded(images, levels, training)
        if self.is_weighted:
            weights = tf.split(batch, 2, axis=-1)[1]
            squares = weights * tf.square(tf.cast(decoded, tf.float32) - images)
            errors = tf.reduce_mean(squares, axis=(1, 2, 3))
            return bits, errors, errors
        return bits, self.distortion(decoded, images), mean_squares(decoded, images)

    def total_cost(self, bits: Any, distortions: Any, levels: Any, pixels: int) -> Any:
        """The loss for (N,) bits, distortions and numbers of levels, from 0.

        `pixels` is the number of values in a picture.
        """
        weights = tf.gather(tf.constant(self.level_weights, tf.float32), levels)
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


def _initial_log_gains(rate_weights: Sequence[float], channels: int) -> Any:
    """(L, K) logarithms of gains: steps grow as the root of lambda, around 1."""
    logarithms = np.log(np.array(rate_weights))
    return np.repeat((logarithms.mean() - logarithms)[:, None] / 2, channels, axis=1)
