"""GPTQ: rounding kernels to int8 with the least change in the outputs of a layer.

Rounding each weight to the nearest integer minimizes the error of the weights, but not the error of
the sums that the layer computes. Here, weights are rounded one input after the other. The weights
of later inputs are adjusted to compensate for the error so far, as far as inputs are correlated.
See E. Frantar et al., "GPTQ: Accurate post-training quantization for generative pre-trained
transformers", 2023, after B. Hassibi et al., "Optimal brain surgeon", 1993.
"""

from __future__ import annotations

import math
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from aecodec.arrays import Float32, Float64
from aecodec.keras_models.functional import with_calls, with_weights
from aecodec.keras_models.int8_grid import LARGEST_INT8, is_on_int8_grid

_DAMPING = 0.01
"""Share of the mean square of the inputs that is added to the square of each input, because inputs
may vary in ways that the samples do not contain."""

_TINY = 1e-12

_PLACES = 20_000
"""Approximate number of positions for measuring the correlation of a layer's inputs."""

_MAX_INPUTS = 4096
"""Maximum number of inputs, because the time is cubic in it. TFLite rounds the weights of larger
layers to the nearest integers."""


def with_rounded_kernels(model: Any, samples: Float32) -> Any:
    """A model with the same layers, whose kernels are rounded so that int8 TFLite keeps them.

    Dense layers and plain convolutions are rounded. Other layers, layers inside nested models, and
    kernels that training has already rounded do not change. The functional or Sequential model has
    one input and one output; `samples` (N, *input_shape) are typical inputs.
    """
    inputs = keras.Input(samples.shape[1:])
    rounded: dict[int, Any] = {}  # a layer that is called twice stays one layer

    def call(layer: Any, *args: Any, **kwargs: Any) -> Any:
        if _can_be_rounded(layer) and id(layer) not in rounded:
            layer_input = keras.Model(inputs, keras.tree.flatten((args, kwargs))[0])
            layer_input.jit_compile = False  # XLA would compile for longer than this runs
            layer_samples = layer_input.predict(samples, verbose=0)
            rounded[id(layer)] = _with_rounded_kernel(layer, layer_samples)
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
    return math.prod(kernel.shape[:-1]) <= _MAX_INPUTS and not is_on_int8_grid(kernel)


def _with_rounded_kernel(layer: Any, inputs: Float32) -> Any:
    """A copy of a layer, with its kernel rounded for inputs (N, ...)."""
    kernel, *bias = (np.asarray(array, np.float64) for array in layer.get_weights())
    weights = np.vstack([kernel.reshape(-1, kernel.shape[-1]), *bias])
    rows = _kernel_inputs(layer, inputs)
    rows = np.hstack([rows, *(np.ones((len(rows), 1)) for _ in bias)])
    count = len(weights) - len(bias)
    _round_in_turn(weights, count, rows.T @ rows / len(rows))
    rounded = [weights[:count].reshape(kernel.shape), *weights[count:]]
    return with_weights(layer, rounded, layer.name)


def _kernel_inputs(layer: Any, inputs: Float32) -> Float64:
    """(M, kernel rows) inputs that are multiplied by the rows of a kernel, at M positions."""
    if isinstance(layer, keras.layers.Conv2D):
        places = math.prod(layer.compute_output_shape(inputs.shape)[1:3])
        subset = inputs[:: math.ceil(len(inputs) * places / _PLACES)]
        sizes, strides = ((1, *sides, 1) for sides in (layer.kernel_size, layer.strides))
        padding = layer.padding.upper()
        inputs = tf.image.extract_patches(subset, sizes, strides, (1, 1, 1, 1), padding)
    rows = np.reshape(inputs, (-1, inputs.shape[-1]))
    return rows[:: math.ceil(len(rows) / _PLACES)].astype(np.float64)


def _round_in_turn(weights: Float64, count: int, gram: Float64) -> None:
    """Round the first `count` rows of weights (rows, outputs) in place: the kernel, then the bias.

    The largest weight of each output does not change, because TFLite derives the step from it.
    `gram` (rows, rows) is the Gram matrix of the inputs.
    """
    kernel = weights[:count].copy()
    largest = np.abs(kernel).max(axis=0)
    step = largest / LARGEST_INT8 + _TINY
    stays = np.abs(kernel) == largest
    compensation = _compensation(gram)
    for row in range(count):
        rounded = np.clip(np.rint(weights[row] / step), -LARGEST_INT8, LARGEST_INT8) * step
        rounded = np.where(stays[row], kernel[row], rounded)
        error = (weights[row] - rounded) / compensation[row, row]
        weights[row] = rounded
        weights[row + 1 :] -= np.outer(compensation[row, row + 1 :], error)


def _compensation(gram: Float64) -> Float64:
    """Upper triangular (rows, rows) matrix with which later rows compensate for a row's error."""
    damped = gram + (_DAMPING * np.trace(gram) / len(gram) + _TINY) * np.eye(len(gram))
    return np.linalg.cholesky(np.linalg.inv(damped)).T
