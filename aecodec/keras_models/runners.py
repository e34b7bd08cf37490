"""Running Keras models on the int8 tensors of a codec, and on floats.

An encoder maps pixels less 128 to latents, and a decoder maps latents to pixels less 128.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from aecodec.arrays import Float32, Latents

Transform = Callable[[Latents], Latents]
"""A function from a batch of int8 tensors to a batch of int8 tensors."""

PIXEL_ZERO = -128
"""The int8 value of a black pixel: int8 = pixel + PIXEL_ZERO."""

PIXEL_SCALE = 1 / 255
"""Scale of the int8 values of pixels, which are 0..1 for the networks."""

_BATCH = 256


def float_predictor(model: Any) -> Callable[[Float32], Float32]:
    """Convert a Keras model to a function on floats; its inputs may lack axes of size 1."""
    return lambda batch: outputs_of(model, shaped_for(batch, model.input_shape))


def outputs_of(model: Any, inputs: Float32) -> Float32:
    """Run a Keras model on inputs (N, ...) in batches.

    `predict` would trace a model of any size with unknown sides, which some Keras layers reject.
    """
    parts = (inputs[start : start + _BATCH] for start in range(0, len(inputs), _BATCH))
    return np.concatenate([np.asarray(model(part, training=False), np.float32) for part in parts])


def shaped_for(batch: Float32, shape: tuple[int | None, ...]) -> Float32:
    """Reshape a batch to a model's input shape, unless the model takes any size."""
    return batch if None in shape[1:] else batch.reshape(-1, *shape[1:])
