"""The loss for levels that differ in gains, with a weight for each sample."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from aecodec.training.losses.gained import GainedRateDistortionLoss


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
