"""The probability of a quantization step under a logistic distribution, differentiable."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

_LEAST_PROBABILITY = 1e-7


def logistic_mass(distance: Any, log_scale: Any) -> Any:
    """Probability, at least 1e-7, of the quantization step of width 1 around a point.

    The logistic is integrated over the step, as in J. Ballé et al., "Variational image compression
    with a scale hyperprior", 2018. The tensors `distance`, from points to the mean, and
    `log_scale`, the logarithms of the scales, are in steps.

    >>> round(float(logistic_mass(tf.constant(0.0), 0.0)), 3)
    0.245
    """
    side = -tf.abs(distance)  # on this side, the difference below does not lose digits
    narrow = tf.exp(-log_scale)
    mass = tf.sigmoid((side + 0.5) * narrow) - tf.sigmoid((side - 0.5) * narrow)
    return tf.maximum(mass, _LEAST_PROBABILITY)
