"""Twins whose layers seldom die: batch normalization in training, folded into kernels after it.

What has passed a ReLU is above 0, so what a step changes most is the mean of the next layer's sums:
a unit is pushed below 0 for every picture, and learns nothing any more. Normalized sums keep the
mean and the deviation that are learned for them (S. Ioffe and C. Szegedy, "Batch normalization:
accelerating deep network training by reducing internal covariate shift", 2015). In use these are
fixed numbers, and a plain convolution of other weights does the same (B. Jacob et al., 2018,
section 3.2).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf
from keras import layers

from aecodec.training.int8_twin import (
    RoundingConv2D,
    is_branch,
    is_relu6,
    kind_of_rounding,
    rounding_clone,
)
from aecodec.training.unit_variance import inputs_of

_EPSILON = 1e-3

_SMALL = 0.1
"""The deviation that a unit begins anew with: as residual branches do, it changes little."""

Floats = npt.NDArray[np.float32]


class NormalizedConv2D(RoundingConv2D):
    """A rounding convolution that normalizes its sums, in float32 whatever the policy."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs | {"use_bias": False})
        self.normalization = layers.BatchNormalization(epsilon=_EPSILON, dtype="float32")

    def build(self, input_shape: Any) -> None:
        super().build(input_shape)
        self.normalization.build(self.compute_output_shape(input_shape))

    def convolution_op(self, inputs: Any, kernel: Any) -> Any:
        return self.normalization(super().convolution_op(inputs, kernel))

    def begin_like(self, convolution: Any, inputs: Any) -> None:
        """Do what a plain convolution does, with a bias, for inputs (N, h, w, C) like these.

        Units that give the same for all of them begin anew, with little effect.
        """
        kernel, bias = convolution.get_weights()
        self.kernel.assign(kernel)
        inputs, weights = (tf.cast(each, self.compute_dtype) for each in (inputs, self.kernel))
        sums = np.asarray(super().convolution_op(inputs, weights), np.float32)
        everywhere = tuple(range(sums.ndim - 1))
        mean, variance = sums.mean(everywhere), sums.var(everywhere)
        scale, centre = np.sqrt(variance + _EPSILON), mean + bias
        if is_relu6(self):
            outputs = np.asarray(self.activation(sums + bias))
            is_dead = outputs.max(everywhere) == outputs.min(everywhere)
            scale, centre = np.where(is_dead, _SMALL, scale), np.where(is_dead, 0, centre)
        self.normalization.set_weights([scale, centre, mean, variance])

    def folded(self, weights: list[Floats]) -> list[Floats]:
        """Its five, in Keras's order, as a kernel (h, w, C, K) and a bias (K,)."""
        kernel, scale, centre, mean, variance = weights
        scale = scale / np.sqrt(variance + _EPSILON)
        return [kernel * scale, centre - mean * scale]


def normalized_twin(model: Any, inputs: Floats, dtype: str = "float32") -> Any:
    """As :func:`~aecodec.training.int8_twin.int8_twin`, and normalized where a range is known.

    Args:
        model: a Keras model whose convolutions have biases.
        inputs: (N, ...) that are typical for it.
        dtype: as there.

    >>> from keras import Input, Model
    >>> x, inputs = Input((8, 8, 2)), np.random.default_rng(0).normal(size=(4, 8, 8, 2))
    >>> model = Model(x, layers.Conv2D(3, 1)(layers.Conv2D(4, 3, activation="relu6")(x)))
    >>> twin = normalized_twin(model, inputs)
    >>> [type(layer).__name__ for layer in twin.layers[1:]]
    ['NormalizedConv2D', 'RoundingConv2D']
    >>> bool(np.abs(twin(inputs) - model(inputs)).max() < 0.1)
    True
    """
    twin = rounding_clone(model, dtype, _kind_of)
    for layer, source in zip(twin.layers, model.layers, strict=True):
        if isinstance(layer, NormalizedConv2D):
            layer.begin_like(source, inputs_of(layer, twin, inputs))
        else:
            layer.set_weights(source.get_weights())
    return twin


def _kind_of(layer: Any) -> Any:
    is_normalized = type(layer) is layers.Conv2D and (is_relu6(layer) or is_branch(layer))
    return NormalizedConv2D if is_normalized else kind_of_rounding(layer)
