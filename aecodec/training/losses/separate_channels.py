"""The loss for levels with separate channels, and its entropy model without neighbours."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from aecodec.keras_models.pair import KerasPair
from aecodec.prior_fitting.trainable_context import logistic_mass
from aecodec.training.losses.base import (
    LossOfLevels,
    TrainingOptions,
    costs,
    noisy,
    numbers_in,
    to_int8,
)
from aecodec.training.losses.distortions import mean_squares

_MEAN_SPREAD = 0.7
"""Standard deviation of the initial means of the components, which must differ."""

_NARROWEST_START = 0.1
"""Least initial standard deviation of a model, in steps."""


class MixtureEntropyModel(keras.layers.Layer):
    """A learned distribution of code vectors with K channels: a mixture of factorized logistics.

    A single component is the plain factorized model. Several components are a differentiable form
    of competing priors. The seed determines the initial means.

    >>> bits = MixtureEntropyModel(components=2, channels=3)(tf.zeros((5, 3)))
    >>> bits.shape.as_list(), bool(tf.reduce_all(bits > 0))
    ([5], True)
    """

    def __init__(self, components: int, channels: int, seed: int = 0) -> None:
        super().__init__(dtype="float32")
        means = np.random.default_rng(seed).normal(0, _MEAN_SPREAD, (components, channels))
        constant = keras.initializers.Constant
        self.mean = self.add_weight(shape=means.shape, initializer=constant(means))
        self.log_scale = self.add_weight(shape=means.shape, initializer="zeros")
        self.logits = self.add_weight(shape=(components,), initializer="zeros")
        self.built = True

    def start_from(self, deviations: Any) -> None:
        """Initialize the model so that latents with these standard deviations (K,) are likely.

        Deviations of an untrained encoder are all below 1. They are scaled so that the largest is
        1, because the rate would soon move latents near 0 to 0, where they would stay.
        """
        enlarged = deviations / min(1.0, max(deviations.max(), 1e-3))
        wide = np.maximum(enlarged, _NARROWEST_START)
        self.mean.assign(self.mean * wide)
        self.log_scale.assign(self.log_scale + np.log(wide))

    def call(self, latents: Any) -> Any:
        """(N,) bits of the latents (N, ..., K) of pictures, noisy or rounded."""
        vectors = tf.reshape(latents, (-1, 1, latents.shape[-1]))
        mass = logistic_mass(vectors - self.mean, self.log_scale)
        by_component = tf.reduce_sum(tf.math.log(mass), axis=-1)
        joint = by_component + tf.nn.log_softmax(self.logits)
        bits = tf.reduce_logsumexp(joint, axis=-1) / -math.log(2)
        return tf.reduce_sum(tf.reshape(bits, (tf.shape(latents)[0], -1)), axis=1)


class RateDistortionLoss(LossOfLevels):
    """Distortion + rate weight x rate, for levels with separate channels.

    Each level has its own rate weight. Its decoder input is zero in the channels of other levels.
    The encoder processes a batch once, the decoder once per level. Costs are divided by the root of
    the rate weight, so that no level dominates, and multiplied by the loss weights. Rounding is
    replaced by uniform noise for the rate (J. Ballé et al., "End-to-end optimized image
    compression", 2017), and by rounding with a straight-through gradient for the distortion (L.
    Theis et al., "Lossy image compression with compressive autoencoders", 2017).

    The levels have these numbers of `channels`. `rate_weights` are their lambdas, in squared error
    of a picture (pixels in 0..1, summed) per bit.
    """

    def __init__(
        self,
        pair: KerasPair,
        channels: Sequence[int],
        rate_weights: Sequence[float],
        options: TrainingOptions,
    ) -> None:
        super().__init__(pair, options, len(channels))
        self.channels, self.rate_weights = list(channels), list(rate_weights)
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

    def measured(self, images: Any, training: bool) -> tuple[Any, dict[str, Any]]:
        bits, decoded = self._coded(images, training)
        distortions = [self.distortion(pictures, images) for pictures in decoded]
        cost = self.total_cost(bits, distortions, pixels=numbers_in(images))
        self.cost.update_state(cost)
        for n, (rate, pictures) in enumerate(zip(bits, decoded, strict=True)):
            self.bits[n].update_state(rate)
            self.squared_errors[n].update_state(mean_squares(pictures, images))
        return cost, self.results()

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
            model(noisy(latent) if training else tf.round(latent))
            for model, latent in zip(self.entropy_models, latents, strict=True)
        ]
        codes = [self._with_zeros(level, to_int8(latent)) for level, latent in enumerate(latents)]
        decoded = self.decoder(tf.concat(codes, 0), training=training)
        return bits, tf.split(decoded, len(self.channels))

    def _with_zeros(self, level: int, latents: Any) -> Any:
        """The latents of a level, with zeros in the channels of other levels."""
        padding = [sum(self.channels[:level]), sum(self.channels[level + 1 :])]
        return tf.pad(latents, [*[[0, 0]] * (len(latents.shape) - 1), padding])
