"""Rounding kernels to int8 so that what a layer gives changes least.

Rounding each weight to the nearest integer makes the least error in the weights, not in the sums
that the layer makes of them. Here weights are rounded one input after the other, and those to come
are moved to make up for the error so far, as far as the inputs go together.
See E. Frantar et al., "GPTQ: Accurate post-training quantization for generative pre-trained
transformers", 2023, after B. Hassibi et al., "Optimal brain surgeon", 1993.
"""

from __future__ import annotations

import math
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from aecodec.training.int8_twin import is_on_int8_grid
from aecodec.training.models import with_calls, with_weights

_DAMPING = 0.01
"""Of the inputs' mean square, added to each: what the samples do not show may occur."""

_TINY = 1e-12
_PLACES = 20_000
"""So many places of a picture show how a layer's inputs go together."""

_MOST_INPUTS = 4096
"""The work grows with the cube of a layer's inputs; beyond these TFLite rounds to the nearest."""

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]


def with_rounded_kernels(model: Any, samples: Floats) -> Any:
    """A model of the same layers, its kernels such as int8 TFLite takes over as they are.

    Dense layers and plain convolutions are rounded. Other layers stay, as do those inside nested
    models, and kernels that were trained to be rounded as they are.

    Args:
        model: functional or Sequential, with one input and one output.
        samples: (N, *input_shape) what it may meet.

    >>> model = keras.Sequential([keras.Input((6,)), keras.layers.Dense(4)])
    >>> samples = np.random.default_rng(0).normal(size=(100, 6)).astype(np.float32)
    >>> kernel = with_rounded_kernels(model, samples).layers[-1].get_weights()[0]
    >>> steps = np.abs(kernel).max(axis=0) / 127
    >>> bool(np.allclose(kernel / steps, np.rint(kernel / steps), atol=1e-3))
    True
    """
    inputs = keras.Input(samples.shape[1:])
    rounded: dict[int, Any] = {}  # a layer that is called twice stays one layer

    def call(layer: Any, *args: Any, **kwargs: Any) -> Any:
        if _can_be_rounded(layer) and id(layer) not in rounded:
            met = keras.Model(inputs, keras.tree.flatten((args, kwargs))[0])
            rounded[id(layer)] = _with_rounded_kernel(layer, met.predict(samples, verbose=0))
        return rounded.get(id(layer), layer)(*args, **kwargs)

    return with_calls(model, inputs, call)


def _can_be_rounded(layer: Any) -> bool:
    is_plain = type(layer) is keras.layers.Dense or (
        type(layer) is keras.layers.Conv2D
        and layer.groups == 1
        and tuple(layer.dilation_rate) == (1, 1)
        and layer.data_format == "channels_last"
    )
    if not is_plain or len(layer.get_weights()) != 1 + layer.use_bias:
        return False
    kernel = layer.get_weights()[0]
    return math.prod(kernel.shape[:-1]) <= _MOST_INPUTS and not is_on_int8_grid(kernel)


def _with_rounded_kernel(layer: Any, met: Floats) -> Any:
    """A layer like another, its kernel rounded for what it has met (N, ...)."""
    kernel, *bias = (np.asarray(each, np.float64) for each in layer.get_weights())
    weights = np.vstack([kernel.reshape(-1, kernel.shape[-1]), *bias])
    inputs = _inputs_of(layer, met)
    inputs = np.hstack([inputs, *(np.ones((len(inputs), 1)) for _ in bias)])
    count = len(weights) - len(bias)
    _round_in_turn(weights, count, inputs.T @ inputs / len(inputs))
    rounded = [weights[:count].reshape(kernel.shape), *weights[count:]]
    return with_weights(layer, rounded, layer.name)


def _inputs_of(layer: Any, met: Floats) -> Doubles:
    """(M, inputs) what the rows of a layer's kernel meet, in M places."""
    if isinstance(layer, keras.layers.Conv2D):
        places = math.prod(layer.compute_output_shape(met.shape)[1:3])
        few = met[:: math.ceil(len(met) * places / _PLACES)]
        sizes, strides = ((1, *sides, 1) for sides in (layer.kernel_size, layer.strides))
        met = tf.image.extract_patches(few, sizes, strides, (1, 1, 1, 1), layer.padding.upper())
    rows = np.reshape(met, (-1, met.shape[-1]))
    return rows[:: math.ceil(len(rows) / _PLACES)].astype(np.float64)


def _round_in_turn(weights: Doubles, count: int, gram: Doubles) -> None:
    """Round the first rows of weights (rows, outputs), given the Gram matrix of the inputs.

    The largest weight of an output is not moved: TFLite takes the step of the others from it.
    """
    kernel = weights[:count].copy()
    largest = np.abs(kernel).max(axis=0)
    step = largest / 127 + _TINY
    stays = np.abs(kernel) == largest
    spread = _spread(gram)
    for row in range(count):
        rounded = np.clip(np.rint(weights[row] / step), -127, 127) * step
        rounded = np.where(stays[row], kernel[row], rounded)
        error = (weights[row] - rounded) / spread[row, row]
        weights[row] = rounded
        weights[row + 1 :] -= np.outer(spread[row, row + 1 :], error)


def _spread(gram: Doubles) -> Doubles:
    """Upper triangular: how the error of a row is made up for by each row after it."""
    damped = gram + (_DAMPING * np.trace(gram) / len(gram) + _TINY) * np.eye(len(gram))
    return np.linalg.cholesky(np.linalg.inv(damped)).T
