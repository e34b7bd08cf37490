"""Factorized entropy models: the differentiable rate of code vectors without neighbours."""

from __future__ import annotations

import math
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from aecodec.prior_fitting.logistic import logistic_mass

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
        """(N,) bits of latents (N, K), noisy or rounded."""
        mass = logistic_mass(latents[:, None, :] - self.mean, self.log_scale)
        by_component = tf.reduce_sum(tf.math.log(mass), axis=-1)
        joint = by_component + tf.nn.log_softmax(self.logits)
        return tf.reduce_logsumexp(joint, axis=-1) / -math.log(2)
