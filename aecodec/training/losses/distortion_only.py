"""The loss for training without a rate."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from aecodec.keras_models.pair import KerasPair
from aecodec.training.losses.base import Loss, psnr
from aecodec.training.losses.mixture import Mixture, mean_squares


class DistortionLoss(Loss):
    """The distortion of an autoencoder without any quantization."""

    def __init__(self, pair: KerasPair, distortion: Mixture) -> None:
        super().__init__(pair, distortion)
        self.squared_error = keras.metrics.Mean("mse")
        self.built = True  # all parts are built

    def train_step(self, images: Any) -> dict[str, Any]:
        with tf.GradientTape() as tape:
            decoded = self._decoded(images, training=True)
            error = tf.reduce_mean(self.distortion(decoded, images))
        self.minimize(error, tape)
        return self._report(decoded, images)

    def test_step(self, images: Any) -> dict[str, Any]:
        return self._report(self._decoded(images, training=False), images)

    def _decoded(self, images: Any, training: bool) -> Any:
        return self.decoder(self.encoder(images, training=training), training=training)

    def _report(self, decoded: Any, images: Any) -> dict[str, Any]:
        self.squared_error.update_state(mean_squares(decoded, images))
        return {"psnr": psnr(self.squared_error.result())}
