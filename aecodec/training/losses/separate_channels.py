"""The loss for levels with separate channels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from aecodec.keras_models.pair import KerasPair
from aecodec.training.losses.base import LossOfLevels, RateOptions, costs, numbers_in
from aecodec.training.losses.factorized import MixtureEntropyModel
from aecodec.training.losses.mixture import Mixture, mean_squares
from aecodec.training.losses.rounding import noisy, to_int8


class RateDistortionLoss(LossOfLevels):
    """Distortion + rate weight x rate, for levels with separate channels.

    Each level has its own rate weight. Its decoder input is zero in the channels of other levels.
    The encoder processes a batch once, the decoder once per level. Costs are divided by the root of
    the rate weight, so that no level dominates, and multiplied by the loss weights. Rounding is
    replaced by uniform noise for the rate (J. Ballé et al., "End-to-end optimized image
    compression", 2017), and by rounding with a straight-through gradient for the distortion (L.
    Theis et al., "Lossy image compression with compressive autoencoders", 2017).

    Args:
        pair: the encoder and the decoder.
        channels: number of channels of each level.
        rate_weights: lambda of each level, in squared error of a picture (pixels in 0..1, summed)
            per bit.
        options: details of the rate term.
        distortion: measure of decoded pictures.
    """

    def __init__(
        self,
        pair: KerasPair,
        channels: Sequence[int],
        rate_weights: Sequence[float],
        options: RateOptions,
        distortion: Mixture,
    ) -> None:
        super().__init__(pair, distortion, len(channels))
        self.channels, self.rate_weights = list(channels), list(rate_weights)
        # `loss_weights` is an attribute of Keras models.
        self.level_weights = options.weights_of(len(channels))
        self.cost_power = options.cost_power
        self.entropy_models = [
            MixtureEntropyModel(options.components, count, seed)
            for seed, count in enumerate(channels)
        ]
        self.built = True  # all parts are built

    def start_from(self, images: Any) -> None:
        """Initialize the entropy models for the latents of images (N, ...)."""
        latents = tf.split(tf.cast(self.encoder(images), tf.float32), self.channels, axis=-1)
        for model, latent in zip(self.entropy_models, latents, strict=True):
            model.start_from(np.reshape(latent, (-1, latent.shape[-1])).std(axis=0))

    def train_step(self, images: Any) -> dict[str, Any]:
        with tf.GradientTape() as tape:
            bits, decoded = self._coded(images, training=True)
            distortions = [self.distortion(pictures, images) for pictures in decoded]
            cost = self.total_cost(bits, distortions, pixels=numbers_in(images))
        self.minimize(cost, tape)
        return self._report(bits, decoded, images)

    def test_step(self, images: Any) -> dict[str, Any]:
        return self._report(*self._coded(images, training=False), images)

    def total_cost(self, bits: list[Any], distortions: list[Any], pixels: int) -> Any:
        """The loss for (N,) bits and distortions of each level.

        `pixels` is the number of values in a picture.
        """
        terms = zip(bits, distortions, self.rate_weights, self.level_weights, strict=True)
        return tf.add_n(
            [
                weight
                * tf.reduce_mean(costs(pixels * distortion, rate, lambda_) ** self.cost_power)
                for rate, distortion, lambda_, weight in terms
            ]
        )

    def _coded(self, images: Any, training: bool) -> tuple[list[Any], list[Any]]:
        """For each level, (N,) bits of the pictures, and the decoded pictures."""
        latents = tf.split(self.encoder(images, training=training), self.channels, axis=-1)
        bits = [
            _bits_of_pictures(model, noisy(latent) if training else tf.round(latent))
            for model, latent in zip(self.entropy_models, latents, strict=True)
        ]
        codes = [self._with_zeros(level, to_int8(latent)) for level, latent in enumerate(latents)]
        decoded = self.decoder(tf.concat(codes, 0), training=training)
        return bits, tf.split(decoded, len(self.channels))

    def _with_zeros(self, level: int, latents: Any) -> Any:
        """The latents of a level, with zeros in the channels of other levels."""
        padding = [sum(self.channels[:level]), sum(self.channels[level + 1 :])]
        return tf.pad(latents, [*[[0, 0]] * (len(latents.shape) - 1), padding])

    def _report(self, bits: list[Any], decoded: list[Any], images: Any) -> dict[str, Any]:
        for n, (rate, pictures) in enumerate(zip(bits, decoded, strict=True)):
            self.bits[n].update_state(rate)
            self.squared_errors[n].update_state(mean_squares(pictures, images))
        return self.results()


def _bits_of_pictures(model: MixtureEntropyModel, latents: Any) -> Any:
    """(N,) bits of latents (N, ..., K)."""
    bits = model(tf.reshape(latents, (-1, latents.shape[-1])))
    return tf.reduce_sum(tf.reshape(bits, (tf.shape(latents)[0], -1)), axis=1)
