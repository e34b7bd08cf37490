"""The rate term: bits that latents will cost, differentiable."""

from __future__ import annotations

import math
from typing import Any

import keras
import numpy as np
import tensorflow as tf

_LEAST_LIKELIHOOD = 1e-7
_NARROWEST = 0.1
"""Of the deviations that rate models start with, in steps."""


class MixtureRate(keras.layers.Layer):
    """A learned distribution of code vectors: a mixture of factorised logistics.

    One component is the plain factorised model; several are the differentiable twin of
    competing priors. Each logistic is integrated over a quantisation step of 1, as in J. Ballé
    et al., "Variational image compression with a scale hyperprior", 2018.

    Args:
        components: P.
        channels: K.
        seed: of the components' first means, which must differ.

    >>> bits = MixtureRate(components=2, channels=3)(tf.zeros((5, 3)))
    >>> bits.shape.as_list(), bool(tf.reduce_all(bits > 0))
    ([5], True)
    """

    def __init__(self, components: int, channels: int, seed: int = 0) -> None:
        super().__init__(dtype="float32")
        spread = np.random.default_rng(seed).normal(0, 0.7, (components, channels))
        constant = keras.initializers.Constant
        self.mean = self.add_weight(shape=spread.shape, initializer=constant(spread))
        self.log_scale = self.add_weight(shape=spread.shape, initializer="zeros")
        self.logits = self.add_weight(shape=(components,), initializer="zeros")
        self.built = True

    def start_from(self, spread: Any) -> None:
        """Begin where latents of these standard deviations (K,) are likely.

        Those of an untrained encoder, all below 1, are enlarged to 1 at the most: the rate would
        soon draw latents that begin near 0 to 0, and there they would stay.
        """
        wide = np.maximum(spread / min(1.0, max(spread.max(), 1e-3)), _NARROWEST)
        self.mean.assign(self.mean * wide)
        self.log_scale.assign(self.log_scale + np.log(wide))

    def call(self, latents: Any) -> Any:
        """(N, K) latents, noisy or rounded, to (N,) bits."""
        mass = logistic_mass(latents[:, None, :] - self.mean, self.log_scale)
        by_component = tf.reduce_sum(tf.math.log(mass), axis=-1)
        joint = by_component + tf.nn.log_softmax(self.logits)
        return tf.reduce_logsumexp(joint, axis=-1) / -math.log(2)


def logistic_mass(distance: Any, log_scale: Any) -> Any:
    """Probability of the step of 1 around a point at a distance from a logistic's mean."""
    side = -tf.abs(distance)  # the one where no digits cancel
    narrow = tf.exp(-log_scale)
    mass = tf.sigmoid((side + 0.5) * narrow) - tf.sigmoid((side - 0.5) * narrow)
    return tf.maximum(mass, _LEAST_LIKELIHOOD)
