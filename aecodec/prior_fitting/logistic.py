"""The logistic distribution over a quantization step, differentiable."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

_LEAST_PROBABILITY = 1e-7


def logistic_mass(distance: Any, log_scale: Any) -> Any:
    """Probability of the quantization step of 1 around a point.

    The logistic is integrated over the step, as in J. Ballé et al., "Variational image compression
    with a scale hyperprior", 2018.

    Args:
        distance: tensor of distances of points from the mean, in steps.
        log_scale: logarithms of the scales, in steps.

    Returns:
        Tensor of probabilities, at least 1e-7.

    >>> round(float(logistic_mass(tf.constant(0.0), 0.0)), 3)
    0.245
    """
    side = -tf.abs(distance)  # the side where no digits cancel
    narrow = tf.exp(-log_scale)
    mass = tf.sigmoid((side + 0.5) * narrow) - tf.sigmoid((side - 0.5) * narrow)
    return tf.maximum(mass, _LEAST_PROBABILITY)
