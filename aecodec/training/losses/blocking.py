"""Visible block borders as a distortion. Squared errors barely count them."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from aecodec.training.losses.planes import planes_of, turned

_BLOCK, _SEGMENT = 16, 8
"""Distance in pixels between borders, which is the distance between code vectors; and length of
border segments, along which grain averages out but block borders do not."""

_WIDTHS = (1, 2, 4)
"""Widths in pixels of the strips on both sides of a border. With a width of one pixel only, a step
that is spread over three pixels would be considered a slope."""

_HALF_MASKING = 1 / 255
"""Mean size of the original's steps that halves the visibility of errors."""


def blocking_error(decoded: Any, images: Any) -> Any:
    """The visible error (N,) of steps across the borders of 16x16 blocks, in grey levels of 0..255.

    Blocking artifacts as in Z. Wang, A. C. Bovik and B. L. Evans, "Blind measurement of blocking
    artifacts in images", 2000: absolute differences across borders, here between the means of
    strips with 8 pixels along the border and 1, 2 or 4 pixels across it. The contrast of the
    original masks errors (G. E. Legge and J. M. Foley, "Contrast masking in human vision", 1980).
    If the mean of its steps in the 16 pixels around a border is s, errors are multiplied by 1 / (1
    + (s / 1 grey level)^2).

    The pictures (N, h, w) or (N, h, w, C) are in 0..1, with sides of at least 32.

    >>> even = tf.fill((1, 32, 32, 1), 0.5)
    >>> blocks = even + tf.repeat([0.0, 0.01], 16)[:, None, None]
    >>> float(blocking_error(even, even)[0]), round(float(blocking_error(blocks, even)[0]), 3)
    (0.0, 1.275)
    """
    original = _whole_blocks(planes_of(images))
    error = _whole_blocks(planes_of(decoded)) - original
    pairs = (error, original), (turned(error), turned(original))
    rows = [
        (_means(errors, 2, _SEGMENT), _means(originals, 2, _SEGMENT)) for errors, originals in pairs
    ]
    errors = [_across(*pair, width) for pair in rows for width in _WIDTHS]
    return 255 * tf.add_n(errors) / len(errors)


def _whole_blocks(planes: Any) -> Any:
    height, width = (side // _BLOCK * _BLOCK for side in planes.shape[2:])
    return planes[:, :, :height, :width]


def _across(error: Any, original: Any, width: int) -> Any:
    """(N,) errors of the steps between adjacent columns of blocks, in 0..1.

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
