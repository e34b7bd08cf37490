"""Borders of blocks as a distortion: what the eye sees first, and squared errors hardly count."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from aecodec.training.losses.planes import planes_of, turned

_BLOCK, _SEGMENT = 16, 8
"""Distance in pixels between borders, which is that between code vectors; and the length of the
segments of a border along which grain averages out, and the border of a block does not."""

_WIDTHS = (1, 2, 4)
"""Widths in pixels of the strips on both sides of a border: by one pixel alone, a step that is
smeared over three would count as a slope."""

_HALF_MASKING = 1 / 255
"""Mean size of the original's own steps that halves the visibility of errors."""


def blocking_error(decoded: Any, images: Any) -> Any:
    """The error of the steps across the borders of 16x16 blocks, where they can be seen.

    Blocking artifacts as in Z. Wang, A. C. Bovik and B. L. Evans, "Blind measurement of blocking
    artifacts in images", 2000: absolute differences across borders, here between the means of
    strips of 8 pixels along the border and 1, 2 and 4 across it. The contrast of the original hides
    them (G. E. Legge and J. M. Foley, "Contrast masking in human vision", 1980): where its own
    steps, in the 16 pixels around a border, are s in the mean, an error counts
    1 / (1 + (s / 1 grey level)^2).

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
    original = _whole_blocks(planes_of(images))
    error = _whole_blocks(planes_of(decoded)) - original
    pairs = (error, original), (turned(error), turned(original))
    rows = [(_means(one, 2, _SEGMENT), _means(other, 2, _SEGMENT)) for one, other in pairs]
    errors = [_across(*pair, width) for pair in rows for width in _WIDTHS]
    return 255 * tf.add_n(errors) / len(errors)


def _whole_blocks(planes: Any) -> Any:
    height, width = (side // _BLOCK * _BLOCK for side in planes.shape[2:])
    return planes[:, :, :height, :width]


def _across(error: Any, original: Any, width: int) -> Any:
    """(N,) error of the steps from one column of blocks to the next, in 0..1.

    Both are (N, C, h / 8, w): each row is the mean of a segment's.
    """
    error, own = _steps(error, width), tf.abs(_steps(original, width))
    per_block = _BLOCK // width
    borders = tf.abs(error[..., per_block - 1 :: per_block])
    around = own[..., per_block // 2 :][..., : borders.shape[-1] * per_block]
    visible = 1 / (1 + (_means(around, 3, per_block) / _HALF_MASKING) ** 2)
    return tf.reduce_mean(visible * borders, axis=(1, 2, 3))


def _steps(rows: Any, width: int) -> Any:
    """(N, C, h / 8, w / width - 1) steps from each strip of columns to the next."""
    strips = _means(rows, 3, width)
    return strips[..., 1:] - strips[..., :-1]


def _means(planes: Any, axis: int, length: int) -> Any:
    """The mean of each `length` neighbours along one axis."""
    shape = list(planes.shape)
    shape[:1], shape[axis : axis + 1] = [-1], [shape[axis] // length, length]
    return tf.reduce_mean(tf.reshape(planes, shape), axis=axis + 1)
