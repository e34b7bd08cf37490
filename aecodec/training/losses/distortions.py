"""Distortions that training minimizes: measures of decoded pictures, or mixtures of measures.

All pictures are (N, h, w) or (N, h, w, C) in 0..1; all errors are (N,).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from aecodec.arrays import Float32
from aecodec.errors import UsageError
from aecodec.metrics import WINDOW, WINDOW_WEIGHTS, halved, scale_weights, similarities

MSE = "mse"

SQUARED_ERROR = {MSE: 1.0}
"""The default distortion, in the form of all distortions: weights by the names of measures."""

_SMALLEST_SIDES = {"ms-ssim": 22, "ssimulacra2": 22, "blocking": 32}
"""Least sides in pixels for the windows and blocks of the measures."""

_LEAST_SIMILARITY = 1e-4
"""Least similarity of a scale, because the gradient of a power is infinite at 0."""

_BLOCK, _SEGMENT = 16, 8
"""Distance in pixels between borders, which is the distance between code vectors; and length of
border segments, along which grain averages out but block borders do not."""

_WIDTHS = (1, 2, 4)
"""Widths in pixels of the strips on both sides of a border. With a width of one pixel only, a step
that is spread over three pixels would be considered a slope."""

_HALF_MASKING = 1 / 255
"""Mean size of the original's steps that halves the visibility of errors."""

_ABSORBANCE = np.array(
    [[0.30, 0.622, 0.078], [0.23, 0.692, 0.078], [0.2434227, 0.2047674, 0.5518099]], np.float32
)
"""Matrix from linear red, green and blue to the long, middle and short wavelengths of the eye."""

_BIAS = 0.0037930733
_C2 = 0.0009
_SUM_AT_0 = 20.9
"""The weighted sum of a picture with a SSIMULACRA 2 score of 0."""

_SMALLEST = 1e-12
"""Added to the arguments of roots, whose gradient is infinite at 0."""


class _Weights(NamedTuple):
    """Weights of means, and of fourth roots of mean fourth powers, for a channel at a scale."""

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


def mixture(weights: Mapping[str, float], decoded: Any, images: Any) -> Any:
    """The weighted sum of measures of decoded pictures, compared with the originals.

    >>> images = tf.zeros((1, 32, 32, 1))
    >>> float(mixture({"mse": 0.5, "ms-ssim": 0.03}, images + 0.5, images)[0]) > 0.125
    True
    """
    return tf.add_n([weight * MEASURES[name](decoded, images) for name, weight in weights.items()])


def check_distortion(weights: Mapping[str, float], height: int, width: int) -> None:
    """Check weights by the names of measures, and the sides of pictures.

    Raises UsageError if a measure does not exist, a weight is not greater than 0, or pictures are
    too small for the windows of a measure.
    """
    if not weights or not set(weights) <= set(MEASURES):
        raise UsageError(
            f"distortion {weights}: give weights of one or more of {', '.join(MEASURES)}"
        )
    for name, weight in weights.items():
        if not weight > 0:
            raise UsageError(f"distortion {name}: the weight {weight} must be greater than 0")
        smallest = _SMALLEST_SIDES.get(name, 1)
        if min(height, width) < smallest:
            raise UsageError(
                f"{width}x{height} pixels are too small for the distortion {name}, which needs "
                f"sides of at least {smallest}: use the distortion mse"
            )


def mean_squares(decoded: Any, images: Any) -> Any:
    """The mean squared error of each picture."""
    difference = tf.cast(decoded, tf.float32) - tf.cast(images, tf.float32)
    return tf.reduce_mean(tf.square(difference), axis=range(1, len(images.shape)))


def ms_ssim_error(decoded: Any, images: Any) -> Any:
    """1 - MS-SSIM of each picture, averaged over its channels, in 0..1; sides are at least 11.

    Z. Wang et al., "Multiscale structural similarity for image quality assessment", 2003, with the
    scales and formulas of :func:`aecodec.metrics.ms_ssim`.
    """
    pair = planes_of(decoded), planes_of(images)
    weights = scale_weights(min(pair[0].shape[2:]))
    similarity = tf.ones(())
    for number, weight in enumerate(weights, start=1):
        luminance, contrast = similarities(*pair, blur, peak=1)
        factor = luminance * contrast if number == len(weights) else contrast
        mean = tf.reduce_mean(factor, axis=(2, 3))
        similarity *= tf.maximum(mean, _LEAST_SIMILARITY) ** weight
        pair = halved(pair[0]), halved(pair[1])
    return 1 - tf.reduce_mean(similarity, axis=1)


def blocking_error(decoded: Any, images: Any) -> Any:
    """The visible error of steps across the borders of 16x16 blocks, in grey levels of 0..255.

    Blocking artifacts as in Z. Wang, A. C. Bovik and B. L. Evans, "Blind measurement of blocking
    artifacts in images", 2000: absolute differences across borders, here between the means of
    strips with 8 pixels along the border and 1, 2 or 4 pixels across it. The contrast of the
    original masks errors (G. E. Legge and J. M. Foley, "Contrast masking in human vision", 1980).
    If the mean of its steps in the 16 pixels around a border is s, errors are multiplied by 1 / (1
    + (s / 1 grey level)^2). Sides are at least 32.

    >>> even = tf.fill((1, 32, 32, 1), 0.5)
    >>> blocks = even + tf.repeat([0.0, 0.01], 16)[:, None, None]
    >>> float(blocking_error(even, even)[0]), round(float(blocking_error(blocks, even)[0]), 3)
    (0.0, 1.275)
    """
    original = _whole_blocks(planes_of(images))
    error = _whole_blocks(planes_of(decoded)) - original
    pairs = (error, original), (_turned(error), _turned(original))
    rows = [
        (_means(errors, 2, _SEGMENT), _means(originals, 2, _SEGMENT)) for errors, originals in pairs
    ]
    errors = [_across(*pair, width) for pair in rows for width in _WIDTHS]
    return 255 * tf.add_n(errors) / len(errors)


def _whole_blocks(planes: Any) -> Any:
    height, width = (side // _BLOCK * _BLOCK for side in planes.shape[2:])
    return planes[:, :, :height, :width]


def _across(error: Any, original: Any, width: int) -> Any:
    """Errors of the steps between adjacent columns of blocks, in 0..1.

    `error` and `original` are (N, C, h / 8, w): each row is the mean of the rows of a segment.
    """
    error, own_steps = _steps(error, width), tf.abs(_steps(original, width))
    per_block = _BLOCK // width
    borders = tf.abs(error[..., per_block - 1 :: per_block])
    around = own_steps[..., per_block // 2 :][..., : borders.shape[-1] * per_block]
    visibility = 1 / (1 + (_means(around, 3, per_block) / _HALF_MASKING) ** 2)
    return tf.reduce_mean(visibility * borders, axis=(1, 2, 3))


def _steps(rows: Any, width: int) -> Any:
    """(N, C, h / 8, w / width - 1) steps between adjacent strips of columns."""
    strips = _means(rows, 3, width)
    return strips[..., 1:] - strips[..., :-1]


def _means(planes: Any, axis: int, length: int) -> Any:
    shape = list(planes.shape)
    shape[:1], shape[axis : axis + 1] = [-1], [shape[axis] // length, length]
    return tf.reduce_mean(tf.reshape(planes, shape), axis=axis + 1)


def ssimulacra2_error(decoded: Any, images: Any) -> Any:
    """A differentiable SSIMULACRA 2: 0 for equal pictures, about 1 for a score of 0.

    J. Sneyers, "SSIMULACRA 2", 2022, https://github.com/cloudinary/ssimulacra2. In a perceptual
    colour space and at several scales, it measures the loss of structure, new edges (ringing and
    blocks), and lost edges (blur), with means and means of fourth powers. This is its weighted sum,
    without the polynomial that maps the sum to a score of at most 100. Sides are at least 11.
    """
    pair = [_linear(planes_of(pictures)) for pictures in (decoded, images)]
    total = tf.zeros(())
    for scale in range(max(scale for scale, _ in _WEIGHTS) + 1):
        if min(pair[0].shape[2:]) < WINDOW:
            break
        total += _sum_at(scale, *(_perceived(light) for light in pair))
        pair = [halved(light) for light in pair]
    return total / _SUM_AT_0


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


def _sum_at(scale: int, x: Any, y: Any) -> Any:
    """The weighted sum at a scale. y is the original."""
    terms: list[Any] = []
    for (weight_scale, channel), weights in _WEIGHTS.items():
        if weight_scale == scale:
            part = slice(channel, channel + 1)
            terms.extend(_terms(weights, x[:, part], y[:, part]))
    return tf.add_n(terms)


def _terms(weights: _Weights, x: Any, y: Any) -> Iterator[Any]:
    """The weighted terms of a channel at a scale."""
    mean_x, mean_y = blur(x), blur(y)
    structure = _lost_structure(x, y, mean_x, mean_y)
    if weights.structure:
        yield weights.structure * tf.reduce_mean(structure, axis=(1, 2, 3))
    yield weights.structure_4 * _norm_4(structure)
    if weights.new_edges_4 or weights.lost_edges_4:
        inside = slice(WINDOW // 2, -(WINDOW // 2))  # the centres of the windows
        edges_x, edges_y = (
            1 + tf.abs(planes[:, :, inside, inside] - mean)
            for planes, mean in ((x, mean_x), (y, mean_y))
        )
        gained = edges_x / edges_y - 1
        yield weights.new_edges_4 * _norm_4(tf.nn.relu(gained))
        yield weights.lost_edges_4 * _norm_4(tf.nn.relu(-gained))


def _lost_structure(x: Any, y: Any, mean_x: Any, mean_y: Any) -> Any:
    luminance = 1 - (mean_x - mean_y) ** 2
    covariance = blur(x * y) - mean_x * mean_y
    variances = blur(x**2 + y**2) - mean_x**2 - mean_y**2
    return tf.nn.relu(1 - luminance * (2 * covariance + _C2) / (variances + _C2))


def _norm_4(planes: Any) -> Any:
    """Fourth roots of mean fourth powers."""
    return (tf.reduce_mean(planes**4, axis=(1, 2, 3)) + _SMALLEST) ** 0.25


MEASURES: dict[str, Callable[[Any, Any], Any]] = {
    MSE: mean_squares,
    "ms-ssim": ms_ssim_error,
    "ssimulacra2": ssimulacra2_error,
    "blocking": blocking_error,
}
"""Measures by name: functions of decoded pictures and originals."""


def planes_of(pictures: Any) -> Any:
    """Pictures as float32 planes (N, C, h, w)."""
    pictures = tf.cast(pictures, tf.float32)
    return pictures[:, None] if len(pictures.shape) == 3 else tf.transpose(pictures, (0, 3, 1, 2))


def blur(planes: Any) -> Any:
    """Means of planes (N, C, h, w) in a Gaussian window of 11x11 pixels, only inside the picture.

    Along each axis, the blur is a product with a band matrix, which processors compute at full
    speed in spite of its zeros; a convolution of a few channels is slow. Sides are at least 11;
    returns (N, C, h - 10, w - 10).

    >>> blur(tf.ones((1, 1, 12, 11))).numpy().round(3).tolist()
    [[[[1.0], [1.0]]]]
    """
    return _blurred_rows(_turned(_blurred_rows(_turned(planes))))


def _turned(planes: Any) -> Any:
    """Transpose planes (N, C, h, w) to (N, C, w, h)."""
    return tf.transpose(planes, (0, 1, 3, 2))


def _blurred_rows(planes: Any) -> Any:
    """Blur rows with a single matrix product, because many small products are slow."""
    _, channels, height, width = planes.shape
    rows = tf.reshape(planes, (-1, width)) @ _band(width)
    return tf.reshape(rows, (-1, channels, height, width - WINDOW + 1))


@lru_cache(maxsize=32)
def _band(side: int) -> Float32:
    """(side, side - 10) weights of the windows along an axis."""
    band = np.zeros((side, side - WINDOW + 1), np.float32)
    for place, column in enumerate(band.T):
        column[place : place + WINDOW] = WINDOW_WEIGHTS
    return band
