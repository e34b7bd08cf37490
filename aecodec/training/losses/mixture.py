"""The distortion that a training minimizes: one measure, or a mixture of several."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import tensorflow as tf

from aecodec.errors import UsageError
from aecodec.training.losses.blocking import blocking_error
from aecodec.training.losses.ms_ssim import ms_ssim_error
from aecodec.training.losses.ssimulacra2 import ssimulacra2_error

MSE = "mse"

_SMALLEST_SIDES = {"ms-ssim": 22, "ssimulacra2": 22, "blocking": 32}
"""Pixels that windows and blocks need."""


def mean_squares(decoded: Any, images: Any) -> Any:
    """(N,) mean squared error of each picture (N, ...)."""
    difference = tf.cast(decoded, tf.float32) - tf.cast(images, tf.float32)
    return tf.reduce_mean(tf.square(difference), axis=range(1, len(images.shape)))


MEASURES: dict[str, Callable[[Any, Any], Any]] = {
    MSE: mean_squares,
    "ms-ssim": ms_ssim_error,
    "ssimulacra2": ssimulacra2_error,
    "blocking": blocking_error,
}
"""Measures by their names: (decoded, images) to (N,) errors."""

_ALONE = {MSE: 1.0, "ms-ssim": 0.015, "ssimulacra2": 0.001, "blocking": 0.002}
"""Weights with which a photograph of 30 dB has about as large an error by each measure as by MSE,
so that rate weights mean about the same."""

Distortion = str | Mapping[str, float]
"""Name of a measure, or weights by the names of measures."""


class Mixture:
    """A weighted sum of measures, in mean squared errors of pixels in 0..1.

    Args:
        distortion: the name of a measure, which counts about as much as the squared error of a
            photograph of 30 dB; or weights by the names of measures.

    Raises:
        UsageError: there is no such measure, or a weight is not above 0.

    >>> images = tf.zeros((1, 32, 32, 1))
    >>> float(Mixture("mse")(images + 0.5, images)[0])
    0.25
    >>> float(Mixture({"mse": 0.5, "ms-ssim": 0.03})(images, images)[0])
    0.0
    """

    def __init__(self, distortion: Distortion = MSE) -> None:
        weights = (
            {distortion: _ALONE.get(distortion, 1.0)} if isinstance(distortion, str) else distortion
        )
        self.weights = {name: _weight(name, weight) for name, weight in weights.items()}
        if not self.weights:
            raise UsageError(f"a distortion of no measure: name some of {', '.join(MEASURES)}")

    def __call__(self, decoded: Any, images: Any) -> Any:
        """(N,) distortion of decoded pictures (N, ...) beside the originals."""
        return tf.add_n(
            [weight * MEASURES[name](decoded, images) for name, weight in self.weights.items()]
        )

    def check_size(self, height: int, width: int) -> None:
        """Check that pictures are large enough for the windows of the measures.

        Raises:
            UsageError: they are not.
        """
        for name in self.weights:
            smallest = _SMALLEST_SIDES.get(name, 1)
            if min(height, width) < smallest:
                raise UsageError(
                    f"{name}: pictures of {width}x{height} are too small, {smallest} pixels are "
                    "the least; train for the distortion mse"
                )


def _weight(name: str, weight: float) -> float:
    if name not in MEASURES:
        raise UsageError(f"no distortion {name!r}: {', '.join(MEASURES)}, or weights of several")
    if not weight > 0:
        raise UsageError(f"distortion {name}: a weight of {weight} is not above 0")
    return float(weight)
