"""Twins whose layers cannot die: batch normalization in training, folded into kernels after it.

What has passed a ReLU is above 0, so what a step changes most is the mean of the next layer's sums:
a unit is pushed below 0 for every picture, and learns nothing any more. Normalized sums keep the
mean and the deviation that are learned for them (S. Ioffe and C. Szegedy, "Batch normalization:
accelerating deep network training by reducing internal covariate shift", 2015). In use these are
fixed numbers, and a plain convolution of other weights does the same (B. Jacob et al., 2018,
section 3.2).
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import numpy.typing as npt
from keras import layers

from aecodec.training.int8_twin import (
    RoundingConv2D,
    is_branch,
    is_relu6,
    kind_of_rounding,
    rounding_clone,
)

_MOMENTUM = 0.99
_EPSILON = 1e-3
_SMALL = 0.1

Floats = npt.NDArray[np.float32]


class NormalizedConv2D(RoundingConv2D):
    """A rounding convolution that normalizes its sums."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs | {"use_bias": False})
        self.normalization = layers.BatchNormalization(momentum=_MOMENTUM, epsilon=_EPSILON)

    def build(self, input_shape: Any) -> None:
        super().build(input_shape)
        self.normalization.build(self.compute_output_shape(input_shape))

    def convolution_op(self, inputs: Any, kernel: Any) -> Any:
        return self.normalization(super().convolution_op(inputs, kernel))

    def begin_like(self, convolution: Any, inputs: Any) -> None:
        """Do what a plain convolution does, for inputs like these.

        Units that are off for all of them begin anew, with little effect.
        """
        kernel, bias = convolution.get_weights()
        self.kernel.assign(kernel)
        sums = np.asarray(super().convolution_op(inputs, self.kernel), np.float32)
        everywhere = tuple(range(sums.ndim - 1))
        mean, variance = sums.mean(everywhere), sums.var(everywhere)
        scale, centre = np.sqrt(variance + _EPSILON), mean + bias
        if is_relu6(self):
            is_off = (sums + bias).max(everywhere) <= 0
            scale, centre = np.where(is_off, _SMALL, scale), np.where(is_off, 0, centre)
        self.normalization.set_weights([scale, centre, mean, variance])

    def folded(self, weights: list[Floats]) -> list[Floats]:
        kernel, scale, centre, mean, variance = weights
        scale = scale / np.sqrt(variance + _EPSILON)
        return [kernel * scale, centre - mean * scale]


def normalized_twin(model: Any, inputs: Floats, dtype: str = "float32") -> Any:
    """As :func:`~aecodec.training.int8_twin.int8_twin`, and normalized where a range is known.

    Args:
        model: a Keras model.
        inputs: (N, ...) that are typical for it.
        dtype: Keras's policy for all layers but those that state another than the default.

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
            layer.begin_like(source, keras.Model(twin.inputs[0], layer.input)(inputs))
        else:
            layer.set_weights(source.get_weights())
    return twin


def _kind_of(layer: Any) -> Any:
    is_normalized = type(layer) is layers.Conv2D and (is_relu6(layer) or is_branch(layer))
    return NormalizedConv2D if is_normalized else kind_of_rounding(layer)
