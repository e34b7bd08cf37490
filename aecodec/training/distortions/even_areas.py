"""Steps in even areas as a distortion: what the eye sees first, and squared errors hardly count."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from aecodec.training.distortions.planes import blur, planes_of, within_windows

_EVEN = 1 / 255
"""Local contrast at which errors are half as visible as where there is none."""


def step_error(decoded: Any, images: Any) -> Any:
    """The error of the steps between neighbouring pixels, where they can be seen.

    The mean absolute difference of gradients (M. Mathieu et al., "Deep multi-scale video prediction
    beyond mean square error", 2016), under a Gaussian window, in which grain averages out and the
    border of a block does not. The contrast of the original hides differences (G. E. Legge and J.
    M. Foley, "Contrast masking in human vision", 1980): where its own steps are s in the mean
    around a pixel, they count 1 / (1 + (s / 1 grey level)^2).

    Args:
        decoded: (N, h, w) or (N, h, w, C) pictures in 0..1, sides of 22 and up.
        images: the originals, of the same shape.

    Returns:
        (N,) float32, in grey levels of 255.

    >>> even = tf.fill((1, 32, 32, 1), 0.5)
    >>> blocks = even + tf.repeat([0.0, 0.01], 16)[:, None, None]
    >>> float(step_error(even, even)[0]), round(float(step_error(blocks, even)[0]), 3)
    (0.0, 0.116)
    """
    original = blur(planes_of(images))
    error = blur(planes_of(decoded)) - original
    both = [_along(axis, error, original) for axis in (2, 3)]
    return 255 * tf.add_n(both) / 2


def _along(axis: int, error: Any, original: Any) -> Any:
    """(N,) error of the steps along one axis, in 0..1."""
    contrast = blur(tf.abs(_steps(original, axis)))
    visible = 1 / (1 + (contrast / _EVEN) ** 2)
    steps = within_windows(tf.abs(_steps(error, axis)))
    return tf.reduce_mean(visible * steps, axis=(1, 2, 3))


def _steps(planes: Any, axis: int) -> Any:
    if axis == 2:
        return planes[:, :, 1:] - planes[:, :, :-1]
    return planes[..., 1:] - planes[..., :-1]
