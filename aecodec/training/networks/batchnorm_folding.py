"""Quantization-aware copies with batch normalization, which is folded into kernels after training.

Outputs of a ReLU are positive, so a training step mainly changes the mean of the next layer's sums.
It can push a unit below 0 for all pictures, after which the unit learns nothing. Normalized sums
keep their learned mean and deviation (S. Ioffe and C. Szegedy, "Batch normalization: accelerating
deep network training by reducing internal covariate shift", 2015). In inference, these are fixed
numbers, and a plain convolution with other weights computes the same (B. Jacob et al., 2018,
section 3.2).
"""

from __future__ import annotations

from collections.abc import Container
from typing import Any

import numpy as np
import tensorflow as tf
from keras import layers

from aecodec.arrays import Float32
from aecodec.keras_models.functional import inputs_of
from aecodec.keras_models.roles import Role, role_of
from aecodec.training.networks.quantization_aware import (
    RoundingConv2D,
    clone_with_classes,
    ends_branch,
    has_relu6,
    rounding_class,
)

_EPSILON = 1e-3

_RESTART_DEVIATION = 0.1
"""Initial deviation of a restarted dead unit. Its effect is small, as in residual branches."""


class NormalizedConv2D(RoundingConv2D):
    """A rounding convolution that normalizes its sums, in float32 with any policy."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs | {"use_bias": False})
        self.normalization = layers.BatchNormalization(epsilon=_EPSILON, dtype="float32")

    def build(self, input_shape: Any) -> None:
        super().build(input_shape)
        self.normalization.build(self.compute_output_shape(input_shape))

    def convolution_op(self, inputs: Any, kernel: Any) -> Any:
        return self.normalization(super().convolution_op(inputs, kernel))

    def start_like(self, convolution: Any, inputs: Any) -> None:
        """Set the weights so that this layer computes the same as a plain convolution with a bias.

        Units with constant outputs for typical inputs (N, h, w, C) are restarted with a small
        effect.
        """
        kernel, bias = convolution.get_weights()
        self.kernel.assign(kernel)
        inputs, weights = (tf.cast(array, self.compute_dtype) for array in (inputs, self.kernel))
        sums = np.asarray(super().convolution_op(inputs, weights), np.float32)
        all_but_last = tuple(range(sums.ndim - 1))
        mean, variance = sums.mean(all_but_last), sums.var(all_but_last)
        scale, centre = np.sqrt(variance + _EPSILON), mean + bias
        if has_relu6(self):
            outputs = np.asarray(self.activation(sums + bias))
            is_dead = outputs.max(all_but_last) == outputs.min(all_but_last)
            scale = np.where(is_dead, _RESTART_DEVIATION, scale)
            centre = np.where(is_dead, 0, centre)
        self.normalization.set_weights([scale, centre, mean, variance])

    def folded(self, weights: list[Float32]) -> list[Float32]:
        """Fold the five weights, in Keras's order, into a kernel (h, w, C, K) and a bias (K,)."""
        kernel, scale, centre, mean, variance = weights
        scale = scale / np.sqrt(variance + _EPSILON)
        return [kernel * scale, centre - mean * scale]


def normalized_copy(
    model: Any, inputs: Float32, dtype: str = "float32", exact: Container[Role | None] = ()
) -> Any:
    """A quantization-aware copy that normalizes the sums of convolutions with a known range.

    The convolutions of the model have biases; `inputs` (N, ...) are typical. All layers except the
    output layers have the Keras policy `dtype`. Kernels of layers with the `exact` roles are not
    rounded.
    """

    def class_for(layer: Any) -> Any:
        return type(layer) if role_of(layer) in exact else _class_for(layer)

    copy = clone_with_classes(model, dtype, class_for)
    for layer, source in zip(copy.layers, model.layers, strict=True):
        if isinstance(layer, NormalizedConv2D):
            layer.start_like(source, inputs_of(layer, copy, inputs))
        else:
            layer.set_weights(source.get_weights())
    return copy


def _class_for(layer: Any) -> Any:
    is_normalized = type(layer) is layers.Conv2D and (has_relu6(layer) or ends_branch(layer))
    return NormalizedConv2D if is_normalized else rounding_class(layer)
