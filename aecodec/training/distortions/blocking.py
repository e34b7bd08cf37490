"""Borders of blocks as a distortion: what the eye sees first, and squared errors hardly count."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from aecodec.training.distortions.planes import planes_of, turned

_BLOCK, _SEGMENT = 16, 8
"""Distance in pixels between borders, which is that between code vectors; and the length of the
segments of a border along which grain averages out, and the border of a block does not."""

_EVEN = 1 / 255
"""Size of the original's own steps at which errors are half as visible as where there are none."""


def blocking_error(decoded: Any, images: Any) -> Any:
    """The error of the steps across the borders of 16x16 blocks, where they can be seen.

    Blocking artifacts as in Z. Wang, A. C. Bovik and B. L. Evans, "Blind measurement of blocking
    artifacts in images", 2000: absolute differences across borders, here of means of segments of 8
    pixels. The contrast of the original hides them (G. E. Legge and J. M. Foley, "Contrast masking
    in human vision", 1980): where its own steps, in the 16 pixels around a border, are s in the
    mean, an error counts 1 / (1 + (s / 1 grey level)^2).

    Args:
        decoded: (N, h, w) or (N, h, w, C) pictures in 0..1, sides of 32 and up.
        images: the originals, of the same shape.

    Returns:
        (N,) float32, in grey levels of 255.

    >>> even = tf.fill((1, 32, 32, 1), 0.5)
    >>> blocks = even + tf.repeat([0.0, 0.01], 16)[:, None, None]
    >>> float(blocking_error(even, even)[0]), round(float(blocking_error(blocks, even)[0]), 3)
    (0.0, 1.275)
    """
    original = planes_of(images)
    error = planes_of(decoded) - original
    return 255 * (_across(error, original) + _across(turned(error), turned(original))) / 2


def _across(error: Any, original: Any) -> Any:
    """(N,) error of the steps from one column of blocks to the next, in 0..1."""
    around = tf.abs(_steps(original))[..., _BLOCK // 2 : 1 - _BLOCK // 2]
    blocks = around.shape[-1] // _BLOCK
    own = tf.reduce_mean(tf.stack(tf.split(around[..., : blocks * _BLOCK], blocks, -1), -2), -1)
    visible = 1 / (1 + (own / _EVEN) ** 2)
    borders = tf.abs(_steps(error)[..., _BLOCK - 1 :: _BLOCK])[..., :blocks]
    return tf.reduce_mean(visible * borders, axis=(1, 2, 3))


def _steps(planes: Any) -> Any:
    """(N, C, h // 8, w - 1) steps from each column to the next, in the mean of 8 rows."""
    segments = planes.shape[2] // _SEGMENT
    rows = tf.stack(tf.split(planes[:, :, : segments * _SEGMENT], segments, 2), 2)
    means = tf.reduce_mean(rows, axis=3)
    return means[..., 1:] - means[..., :-1]
