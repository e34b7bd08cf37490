"""Distortions of decoded pictures: the squared error, and a differentiable SSIMULACRA 2.

All pictures are (N, h, w) or (N, h, w, C) in 0..1; all errors are (N,).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from aecodec.base.arrays import Float32
from aecodec.base.errors import UsageError

_WINDOW = 11
_GAUSSIAN = np.exp(-0.5 * (np.arange(_WINDOW) - _WINDOW // 2) ** 2 / 1.5**2)
_WINDOW_WEIGHTS = _GAUSSIAN / _GAUSSIAN.sum()
"""Weights of a window along one axis."""

_SMALLEST_SIDE = 22
"""Minimum side in pixels for SSIMULACRA 2 at two scales."""

_ABSORBANCE = np.array(
    [[0.30, 0.622, 0.078], [0.23, 0.692, 0.078], [0.2434227, 0.2047674, 0.5518099]], np.float32
)
"""Matrix from linear red, green and blue to the long, middle and short wavelengths of the eye."""

_BIAS = 0.0037930733
_C2 = 0.0009
_SUM_AT_0 = 20.9
_SMALLEST = 1e-12
"""Added to the arguments of roots, whose gradient is infinite at 0."""


class _Weights(NamedTuple):
    structure: float = 0
    structure_4: float = 0
    new_edges_4: float = 0
    lost_edges_4: float = 0


_X, _Y, _B = range(3)
_WEIGHTS = {
    (0, _Y): _Weights(structure_4=7.467, lost_edges_4=17.446),
    (1, _X): _Weights(structure_4=1.104),
    (1, _Y): _Weights(structure_4=6.684, lost_edges_4=1.028),
    (2, _X): _Weights(structure_4=1.842, new_edges_4=11.441),
    (2, _Y): _Weights(structure=225.205, structure_4=19.213),
    (3, _X): _Weights(structure_4=1.879, new_edges_4=10.949),
    (3, _Y): _Weights(structure=176.393, structure_4=24.433, new_edges_4=0.285),
    (3, _B): _Weights(structure_4=8.827, new_edges_4=23.192),
    (4, _Y): _Weights(structure_4=34.779, new_edges_4=44.836),
    (4, _B): _Weights(structure=95.108, new_edges_4=171.267),
}
"""The weights of SSIMULACRA 2.1, by scale and channel, without negligible weights."""


def check_sides_for_ssimulacra2(weight: float, height: int, width: int) -> None:
    """Raise UsageError if a weight is negative, or pictures are too small for the windows."""
    if weight < 0:
        raise UsageError(f"ssimulacra2 is {weight}: use a weight of at least 0")
    if weight and min(height, width) < _SMALLEST_SIDE:
        raise UsageError(
            f"{width}x{height} pixels are too small for ssimulacra2, which needs sides of at least "
            f"{_SMALLEST_SIDE} pixels: set ssimulacra2 = 0"
        )


def mean_squares(decoded: Any, images: Any) -> Any:
    difference = tf.cast(decoded, tf.float32) - tf.cast(images, tf.float32)
    return tf.reduce_mean(tf.square(difference), axis=range(1, len(images.shape)))


def ssimulacra2_error(decoded: Any, images: Any) -> Any:
    """A differentiable SSIMULACRA 2: 0 for equal pictures, about 1 for a score of 0.

    J. Sneyers, "SSIMULACRA 2", 2022, https://github.com/cloudinary/ssimulacra2. In a perceptual
    colour space and at several scales, it measures the loss of structure, new edges (ringing and
    blocks), and lost edges (blur), with means and means of fourth powers. This is their weighted
    sum, without the polynomial that maps it to a score of at most 100. Sides are at least 11.
    """
    pair = [_linear(_planes_of(pictures)) for pictures in (decoded, images)]
    terms: list[Any] = []
    for scale in range(max(scale for scale, _ in _WEIGHTS) + 1):
        if min(pair[0].shape[2:]) < _WINDOW:
            break
        perceived = [_perceived(light) for light in pair]
        for (weight_scale, channel), weights in _WEIGHTS.items():
            if weight_scale == scale:
                plane = slice(channel, channel + 1)  # TensorFlow's Grappler would lose a new axis
                terms += _terms(weights, *(planes[:, plane] for planes in perceived))
        pair = [_halved(light) for light in pair]
    return tf.add_n(terms) / _SUM_AT_0


def _halved(planes: Any) -> Any:
    """Average blocks of 2x2 pixels of planes (..., h, w); an odd last row or column is dropped."""
    height, width = (side // 2 * 2 for side in planes.shape[-2:])
    even = planes[..., :height, :width]
    above, below = even[..., ::2, :], even[..., 1::2, :]
    return (above[..., ::2] + below[..., ::2] + above[..., 1::2] + below[..., 1::2]) / 4


def _linear(planes: Any) -> Any:
    """Convert sRGB or grey in 0..1 to linear light (N, 3, h, w)."""
    channels = planes.shape[1]
    planes = tf.clip_by_value(planes, 0, 1) if channels == 3 else tf.repeat(planes, 3, axis=1)
    curve = ((tf.maximum(planes, 0.04045) + 0.055) / 1.055) ** 2.4
    return tf.where(planes > 0.04045, curve, planes / 12.92)


def _perceived(light: Any) -> Any:
    """Convert light (N, 3, h, w) to the colour space XYB, shifted and scaled to about 0..1."""
    absorbed = tf.einsum("ec,nchw->nehw", _ABSORBANCE, light) + _BIAS
    long, middle, short = tf.unstack(
        tf.maximum(absorbed, _SMALLEST) ** (1 / 3) - _BIAS ** (1 / 3), axis=1
    )
    y = (long + middle) / 2
    return tf.stack([(long - middle) * 7 + 0.42, y + 0.01, short - y + 0.55], axis=1)


def _terms(weights: _Weights, x: Any, y: Any) -> Iterator[Any]:
    mean_x, mean_y = _blur(x), _blur(y)
    structure = _lost_structure(x, y, mean_x, mean_y)
    if weights.structure:
        yield weights.structure * tf.reduce_mean(structure, axis=(1, 2, 3))
    yield weights.structure_4 * _norm_4(structure)
    if weights.new_edges_4 or weights.lost_edges_4:
        inside = slice(_WINDOW // 2, -(_WINDOW // 2))  # the centres of the windows
        edges_x, edges_y = (
            1 + tf.abs(planes[:, :, inside, inside] - mean)
            for planes, mean in ((x, mean_x), (y, mean_y))
        )
        gained = edges_x / edges_y - 1
        yield weights.new_edges_4 * _norm_4(tf.nn.relu(gained))
        yield weights.lost_edges_4 * _norm_4(tf.nn.relu(-gained))


def _lost_structure(x: Any, y: Any, mean_x: Any, mean_y: Any) -> Any:
    luminance = 1 - (mean_x - mean_y) ** 2
    covariance = _blur(x * y) - mean_x * mean_y
    variances = _blur(x**2 + y**2) - mean_x**2 - mean_y**2
    return tf.nn.relu(1 - luminance * (2 * covariance + _C2) / (variances + _C2))


def _norm_4(planes: Any) -> Any:
    return (tf.reduce_mean(planes**4, axis=(1, 2, 3)) + _SMALLEST) ** 0.25


def _planes_of(pictures: Any) -> Any:
    pictures = tf.cast(pictures, tf.float32)
    return pictures[:, None] if len(pictures.shape) == 3 else tf.transpose(pictures, (0, 3, 1, 2))


def _blur(planes: Any) -> Any:
    """Means of planes (N, C, h, w) in a Gaussian window of 11x11 pixels, only inside the picture.

    Along each axis, the blur is a single product with a band matrix, which processors compute at
    full speed in spite of its zeros; a convolution of a few channels is slow. Sides are at least
    11; returns (N, C, h - 10, w - 10).
    """
    for _ in range(2):
        planes = tf.einsum("nchw,wv->ncvh", planes, _band(planes.shape[-1]))
    return planes


@lru_cache(maxsize=32)
def _band(side: int) -> Float32:
    """(side, side - 10) weights of the windows along an axis."""
    shape = side, side - _WINDOW + 1
    diagonals = [w * np.eye(*shape, -k, np.float32) for k, w in enumerate(_WINDOW_WEIGHTS)]
    return np.sum(diagonals, axis=0, dtype=np.float32)
