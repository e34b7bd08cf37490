"""The distortion that training minimizes: a measure or a mixture of measures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import tensorflow as tf

from aecodec.errors import UsageError
from aecodec.metrics import halved, scale_weights, similarities
from aecodec.training.losses.blocking import blocking_error
from aecodec.training.losses.planes import blur, planes_of
from aecodec.training.losses.ssimulacra2 import ssimulacra2_error

MSE = "mse"

_SMALLEST_SIDES = {"ms-ssim": 22, "ssimulacra2": 22, "blocking": 32}
"""Least sides in pixels for the windows and blocks of the measures."""

_LEAST = 1e-4
"""Least similarity of a scale, because the gradient of a power is infinite at 0."""


def mean_squares(decoded: Any, images: Any) -> Any:
    """(N,) mean squared error of each picture (N, ...)."""
    difference = tf.cast(decoded, tf.float32) - tf.cast(images, tf.float32)
    return tf.reduce_mean(tf.square(difference), axis=range(1, len(images.shape)))


def ms_ssim_error(decoded: Any, images: Any) -> Any:
    """1 - MS-SSIM (N,) of each picture, averaged over its channels: float32 in 0..1.

    Z. Wang et al., "Multiscale structural similarity for image quality assessment", 2003, with the
    scales and formulas of :func:`aecodec.metrics.ms_ssim`. The pictures (N, h, w) or (N, h, w, C)
    are in 0..1, with sides of at least 11.
    """
    pair = planes_of(decoded), planes_of(images)
    weights = scale_weights(min(pair[0].shape[2:]))
    similarity = tf.ones(())
    for number, weight in enumerate(weights, start=1):
        luminance, contrast = similarities(*pair, blur, peak=1)
        factor = luminance * contrast if number == len(weights) else contrast
        mean = tf.reduce_mean(factor, axis=(2, 3))
        similarity *= tf.maximum(mean, _LEAST) ** weight
        pair = halved(pair[0]), halved(pair[1])
    return 1 - tf.reduce_mean(similarity, axis=1)


MEASURES: dict[str, Callable[[Any, Any], Any]] = {
    MSE: mean_squares,
    "ms-ssim": ms_ssim_error,
    "ssimulacra2": ssimulacra2_error,
    "blocking": blocking_error,
}
"""Measures by name: functions of (decoded, images) that return (N,) errors."""

_DEFAULT_WEIGHTS = {MSE: 1.0, "ms-ssim": 0.015, "ssimulacra2": 0.001, "blocking": 0.002}
"""Weights with which the error of a photograph at 30 dB is about equal to its MSE, so that rate
weights have about the same effect with all measures."""

Distortion = str | Mapping[str, float]
"""Name of a measure, or weights by name."""


class Mixture:
    """A weighted sum of measures, on the scale of the mean squared error of pixels in 0..1.

    The `distortion` is the name of a measure, which is scaled to the squared error of a photograph
    at 30 dB, or weights by the names of measures. Raises UsageError if a measure does not exist, or
    a weight is not greater than 0.

    >>> images = tf.zeros((1, 32, 32, 1))
    >>> float(Mixture("mse")(images + 0.5, images)[0])
    0.25
    >>> float(Mixture({"mse": 0.5, "ms-ssim": 0.03})(images, images)[0])
    0.0
    """

    def __init__(self, distortion: Distortion = MSE) -> None:
        weights = (
            {distortion: _DEFAULT_WEIGHTS.get(distortion, 1.0)}
            if isinstance(distortion, str)
            else distortion
        )
        self.weights = {name: _weight(name, weight) for name, weight in weights.items()}
        if not self.weights:
            raise UsageError(
                f"the distortion has no measures: name one or more of {', '.join(MEASURES)}"
            )

    def __call__(self, decoded: Any, images: Any) -> Any:
        """(N,) distortions of decoded pictures (N, ...), compared with the originals."""
        return tf.add_n(
            [weight * MEASURES[name](decoded, images) for name, weight in self.weights.items()]
        )

    def check_size(self, height: int, width: int) -> None:
        """Raise UsageError if pictures are too small for the windows of the measures."""
        for name in self.weights:
            smallest = _SMALLEST_SIDES.get(name, 1)
            if min(height, width) < smallest:
                raise UsageError(
                    f"{width}x{height} pixels are too small for the distortion {name}, which needs "
                    f"sides of at least {smallest}: use the distortion mse"
                )


def _weight(name: str, weight: float) -> float:
    if name not in MEASURES:
        raise UsageError(
            f"unknown distortion {name!r}: use {', '.join(MEASURES)}, or weights of several"
        )
    if not weight > 0:
        raise UsageError(f"distortion {name}: the weight {weight} must be greater than 0")
    return float(weight)
