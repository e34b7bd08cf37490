"""Differentiable replacements of rounding: noise, soft rounding and straight-through gradients."""

from __future__ import annotations

import math
from typing import Any

import tensorflow as tf

_SOFT_ROUNDING = 4.0
"""Hardness of the soft rounding: 0 for no rounding, infinite for exact rounding."""


def noisy(latents: Any) -> Any:
    """Latents with uniform noise of one step, which has the rate of rounded latents."""
    return latents + tf.random.uniform(tf.shape(latents), -0.5, 0.5)


def softly_rounded(latents: Any) -> Any:
    """Move latents towards the nearest integers with an increasing, differentiable function.

    See E. Agustsson and L. Theis, "Universally quantized neural compression", 2020.

    >>> [round(float(z), 2) for z in softly_rounded(tf.constant([0.0, 0.2, 0.5, 0.8, 1.0]))]
    [0.0, 0.07, 0.5, 0.93, 1.0]
    """
    below = tf.floor(latents)
    from_middle = latents - below - 0.5
    widest = math.tanh(_SOFT_ROUNDING / 2)
    return below + 0.5 + 0.5 * tf.tanh(_SOFT_ROUNDING * from_middle) / widest


def to_int8(latents: Any) -> Any:
    """Round latents to int8 values, with the gradient of the identity."""
    return straight_through(latents, tf.clip_by_value(tf.round(latents), -128, 127))


def straight_through(latents: Any, integers: Any) -> Any:
    """The integers, with the gradient of the identity."""
    return latents + tf.stop_gradient(integers - latents)
