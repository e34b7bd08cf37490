"""Multi-scale structural similarity as a distortion."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from aecodec.metrics import halved, scale_weights, similarities
from aecodec.training.losses.planes import blur, planes_of

_LEAST = 1e-4
"""Least similarity of a scale, because the gradient of a power is infinite at 0."""


def ms_ssim_error(decoded: Any, images: Any) -> Any:
    """1 - MS-SSIM (N,) of each picture, averaged over its channels: float32 in 0..1.

    Z. Wang et al., "Multiscale structural similarity for image quality assessment", 2003, with the
    scales and formulas of :func:`aecodec.metrics.ms_ssim`. The pictures (N, h, w) or (N, h, w, C)
    are in 0..1, with sides of at least 11.

    >>> images = tf.random.stateless_uniform((1, 32, 32, 3), (0, 0))
    >>> [float(ms_ssim_error(decoded, images)[0]) > 0.5 for decoded in (images, 1 - images)]
    [False, True]
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
