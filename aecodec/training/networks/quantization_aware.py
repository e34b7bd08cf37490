"""Quantization-aware training with a copy of a model that rounds like the int8 TFLite model.

The copy is trained, and its weights are copied to the model. The model itself uses only plain Keras
layers, opens anywhere, and has learned to work in int8. See B. Jacob et al., "Quantization and
training of neural networks for efficient integer-arithmetic-only inference", 2018.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from aecodec.arrays import Float32
from aecodec.keras_models.roles import Role, role_of, set_role

_CEILING = 6.0
_STEPS = 255.0

LARGEST_INT8 = 127
"""Largest integer of a kernel, which TFLite rounds with a step for each output channel."""

SMALLEST_STEP = 1e-9
"""Added to every step, so that no step is 0."""


def qat_copy(model: Any, dtype: str = "float32") -> Any:
    """A quantization-aware copy: a model with the same layers and weights that rounds.

    Kernels are rounded per output channel. Activations are rounded if their range is known: after
    ReLU6, and at the end of a residual branch. All layers except the output layers have the Keras
    policy `dtype`.
    """
    copy = clone_with_classes(model, dtype, rounding_class)
    copy.set_weights(model.get_weights())
    return copy


def clone_with_classes(model: Any, dtype: str, class_for: Callable[[Any], Any]) -> Any:
    """Clone a Keras model with new weights; `class_for` returns the class of a new layer.

    All layers except the output layers have the Keras policy `dtype`.
    """

    def new_layer(layer: Any) -> Any:
        config = layer.get_config()
        if layer.name not in model.output_names:
            config["dtype"] = dtype
        return class_for(layer).from_config(config)

    clone = keras.models.clone_model(model, clone_function=new_layer)
    for source, target in zip(model.layers, clone.layers, strict=True):
        set_role(target, role_of(source))
    return clone


def copy_weights(trained: Any, model: Any) -> None:
    """Copy the weights of a trained quantization-aware copy to its model, rounded to int8.

    TFLite then uses exactly the integers of the training, which it would not with unrounded kernels
    and its own scales. Rounding in bfloat16 gives other integers than in float32, a difference of
    about 0.5 dB, so kernels are rounded in the arithmetic of the copy.
    """
    for source, target in zip(trained.layers, model.layers, strict=True):
        weights = source.get_weights()
        if type(source) is not layers.Conv2D:  # which is exact
            weights = [_as_trained(array, source.compute_dtype) for array in weights]
        if isinstance(source, RoundingConv2D):
            weights = source.folded(weights)
        target.set_weights(weights)


def _as_trained(weights: Float32, dtype: str) -> Float32:
    """Kernels rounded as in the copy; biases are returned unchanged."""
    if weights.ndim < 2:
        return weights
    return np.asarray(tf.cast(rounded_kernel(tf.cast(weights, dtype)), tf.float32))


class RoundingConv2D(layers.Conv2D):
    """A convolution that rounds its kernel, and its outputs if their range is known."""

    def folded(self, weights: list[Float32]) -> list[Float32]:
        """The weights of a plain convolution equivalent to this layer with `weights`."""
        return weights

    def convolution_op(self, inputs: Any, kernel: Any) -> Any:
        return super().convolution_op(inputs, rounded_kernel(kernel))

    def call(self, inputs: Any) -> Any:
        outputs = super().call(inputs)
        if ends_branch(self):
            return _rounded(tf.clip_by_value(outputs, -_CEILING, _CEILING), 2 * _CEILING)
        return _rounded(outputs, _CEILING) if has_relu6(self) else outputs


class _RoundingReLU(layers.ReLU):
    def call(self, inputs: Any) -> Any:
        outputs = super().call(inputs)
        return _rounded(outputs, _CEILING) if self.max_value == _CEILING else outputs


_ROUNDING_CLASSES: dict[Any, Any] = {layers.Conv2D: RoundingConv2D, layers.ReLU: _RoundingReLU}


def rounding_class(layer: Any) -> Any:
    """The rounding class for a layer; the class of the layer if there is none."""
    return _ROUNDING_CLASSES.get(type(layer), type(layer))


def has_relu6(layer: Any) -> bool:
    return bool(layer.activation is keras.activations.relu6)


def ends_branch(layer: Any) -> bool:
    return role_of(layer) is Role.BRANCH_END


def _rounded(values: Any, width: float) -> Any:
    """Round to multiples of 1/255 of the width of a range, with the gradient of the identity."""

    def straight_through(x: Any) -> Any:
        return tf.round(x * (_STEPS / width)) * (width / _STEPS), lambda upstream: upstream

    return tf.custom_gradient(straight_through)(values)


def rounded_kernel(kernel: Any) -> Any:
    """Round a kernel (..., outputs) to -127..127 steps of its output channel.

    The gradient is the identity's.
    """
    largest = tf.reduce_max(tf.abs(kernel), axis=range(len(kernel.shape) - 1), keepdims=True)
    step = tf.stop_gradient(largest) / LARGEST_INT8 + SMALLEST_STEP
    return kernel + tf.stop_gradient(tf.round(kernel / step) * step - kernel)
