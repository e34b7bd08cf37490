"""Planes of pictures for TensorFlow, and Gaussian windows as matrix products.

Blurring a few channels with a convolution is slow. Along each axis, the blur is a product with a
band matrix, which processors compute at full speed in spite of its zeros.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import tensorflow as tf

from aecodec.arrays import Float32
from aecodec.metrics import WINDOW, WINDOW_WEIGHTS


def planes_of(pictures: Any) -> Any:
    """(N, h, w) or (N, h, w, C) pictures as float32 planes (N, C, h, w)."""
    pictures = tf.cast(pictures, tf.float32)
    if len(pictures.shape) == 3:
        return pictures[:, None]
    return tf.transpose(pictures, (0, 3, 1, 2))


def blur(planes: Any) -> Any:
    """Means of planes (N, C, h, w) in a Gaussian window of 11x11 pixels, only inside the picture.

    Sides are at least 11; returns (N, C, h - 10, w - 10).

    >>> blur(tf.ones((1, 1, 12, 11))).numpy().round(3).tolist()
    [[[[1.0], [1.0]]]]
    """
    return _blurred_rows(turned(_blurred_rows(turned(planes))))


def turned(planes: Any) -> Any:
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
