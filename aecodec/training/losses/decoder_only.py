"""The loss of a decoder, for codes that stay as they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import keras
import numpy as np
import tensorflow as tf

from aecodec.training.distortions.mixture import Mixture, mean_squares
from aecodec.training.losses.base import Minimized, RateOptions, costs, numbers_in, psnr


class DecoderLoss(Minimized):
    """Distortion + rate weight x rate, where the decoder alone can change.

    The rate, which is given, only weighs pictures against each other, as in the losses of pairs.

    Args:
        decoder: Keras model from latents to pictures.
        rate_weights: lambda of each level.
        options: details of the rate term.
        distortion: what decoded pictures are measured by.
    """

    trained: ClassVar[str] = "decoder"

    def __init__(
        self,
        decoder: Any,
        rate_weights: Sequence[float],
        options: RateOptions,
        distortion: Mixture,
    ) -> None:
        super().__init__(distortion)
        self.decoder = decoder
        self.rate_weights = tf.constant(np.array(rate_weights), tf.float32)
        self.level_weights = tf.constant(options.weights_of(len(rate_weights)), tf.float32)
        self.cost_power = options.cost_power
        self.squared_error = keras.metrics.Mean("mse")
        self.built = True  # all parts are

    def train_step(self, batch: tuple[Any, Any, Any, Any]) -> dict[str, Any]:
        """Learn from latents (N, ...), their levels (N,) and bits (N,), and pictures (N, ...)."""
        latents, levels, bits, images = batch
        rate_weights = tf.gather(self.rate_weights, levels)
        with tf.GradientTape() as tape:
            # Batch normalization keeps its statistics: what is trained is what will be exported.
            decoded = self.decoder(latents, training=False)
            distortions = numbers_in(images) * self.distortion(decoded, images)
            each = costs(distortions, bits, rate_weights) ** self.cost_power
            cost = tf.reduce_mean(tf.gather(self.level_weights, levels) * each)
        self.minimize(cost, tape)
        self.squared_error.update_state(mean_squares(decoded, images))
        return {"psnr": psnr(self.squared_error.result())}
