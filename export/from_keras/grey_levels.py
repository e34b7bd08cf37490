"""Decoders that return distributions over grey levels. The pixel is the expected grey level."""

from __future__ import annotations

import math
from typing import Any

import keras
import numpy as np

from aecodec.arrays import Float32
from aecodec.errors import warn
from aecodec.export.image_shape import Shape

_FEWEST_LEVELS = 2
_TOLERANCE = 1e-2


def levels_of(output: Shape, image_shape: Shape) -> int | None:
    """Number of grey levels of a decoder's distributions; None if the decoder returns pixels.

    >>> levels_of((28, 28, 256), (28, 28, 1)), levels_of((28, 28, 1), (28, 28))
    (256, None)
    """
    sides = image_shape[:-1] if len(image_shape) == 3 and image_shape[-1] == 1 else image_shape
    levels = output[-1] or 0
    if levels < _FEWEST_LEVELS or tuple(output) == tuple(image_shape):
        return None
    if tuple(output[:-1]) in (tuple(sides), (*sides, 1)):
        return levels
    is_flat = len(output) == 2 and None not in image_shape
    return levels if is_flat and output[0] == math.prod(s or 0 for s in image_shape) else None


def expected_level(tensor: Any, sample: Float32) -> Any:
    """The expected grey level (N, ..., 1) of distributions, from 0 (black) to 1 (white).

    The Keras tensor (N, ..., levels) contains probabilities or logits; `sample` (n, ..., levels)
    are values that distinguish the two.
    """
    levels = int(tensor.shape[-1])
    if not _are_probabilities(sample):
        tensor = keras.layers.Softmax(name="grey_level_probabilities")(tensor)
    weigh = keras.layers.Dense(1, use_bias=False, name="expected_grey_level")
    pixels = weigh(tensor)
    weigh.set_weights([np.linspace(0, 1, levels, dtype=np.float32)[:, None]])
    warn(f"the decoder returns distributions over {levels} grey levels: pixels are their means")
    return pixels


def _are_probabilities(sample: Float32) -> bool:
    return bool(sample.min() >= 0 and np.abs(sample.sum(axis=-1) - 1).max() < _TOLERANCE)
