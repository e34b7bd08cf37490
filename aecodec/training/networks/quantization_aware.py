"""Quantization-aware training: a copy of a model that rounds as the int8 TFLite model will.

The copy is trained, and its weights are given to the model. So the model itself stays plain Keras,
opens anywhere, and has learned to work in int8. See B. Jacob et al., "Quantization and training of
neural networks for efficient integer-arithmetic-only inference", 2018.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from aecodec.arrays import Float32
from aecodec.keras_models.int8_grid import LARGEST_INT8, SMALLEST_STEP, on_int8_grid
from aecodec.keras_models.roles import Role, copy_roles, role_of

_CEILING = 6.0
_STEPS = 255.0


def qat_copy(model: Any, dtype: str = "float32") -> Any:
    """A quantization-aware copy: a model of the same layers and weights that rounds.

    Kernels are rounded per output channel, activations where their range is known: after ReLU6, and
    at the end of a residual branch.

    Args:
        model: a Keras model, functional or Sequential.
        dtype: Keras policy of all layers but the output layers.

    >>> from aecodec.training import mnist_encoder
    >>> copy = qat_copy(mnist_encoder((28, 28), (50,)))
    >>> copy.output_shape, [layer.name for layer in copy.layers if ends_branch(layer)]
    ((None, 50), ['branch0'])
    """
    copy = clone_with_classes(model, dtype, rounding_class)
    copy.set_weights(model.get_weights())
    return copy


def clone_with_classes(model: Any, dtype: str, class_for: Callable[[Any], Any]) -> Any:
    """Clone a model with new weights; each layer gets the class that is chosen for it.

    Args:
        model: a Keras model, functional or Sequential.
        dtype: Keras policy of all layers but the output layers.
        class_for: chooses the class of the new layer from the layer of the model.
    """

    def new_layer(layer: Any) -> Any:
        config = layer.get_config()
        if layer.name not in model.output_names:
            config["dtype"] = dtype
        return class_for(layer).from_config(config)

    clone = keras.models.clone_model(model, clone_function=new_layer)
    copy_roles(model, clone)
    return clone


def copy_weights(trained: Any, model: Any) -> None:
    """Give the weights of a trained quantization-aware copy to its model, rounded to int8.

    TFLite then finds the very integers that the copy was trained with; it would not, were it given
    the unrounded kernels and its own scale. In bfloat16 other integers result than in float32, a
    difference of about 0.5 dB, so the kernels are rounded here in the arithmetic of the copy.

    Args:
        trained: the copy, made by :func:`qat_copy` or
            :func:`aecodec.training.networks.batchnorm_folding.normalized_copy`.
        model: the model that it is a copy of.
    """
    for source, target in zip(trained.layers, model.layers, strict=True):
        weights = [_as_trained(each, source.compute_dtype) for each in source.get_weights()]
        if isinstance(source, RoundingConv2D):
            weights = source.folded(weights)
        target.set_weights([on_int8_grid(each) if each.ndim > 1 else each for each in weights])


def _as_trained(weights: Float32, dtype: str) -> Float32:
    """Kernels as the copy uses them; biases as they are."""
    if weights.ndim < 2:
        return weights
    return np.asarray(tf.cast(rounded_kernel(tf.cast(weights, dtype)), tf.float32))


class RoundingConv2D(layers.Conv2D):
    """A convolution that rounds its kernel, and its outputs where their range is known."""

    def folded(self, weights: list[Float32]) -> list[Float32]:
        """The weights of a plain convolution that does the same as this one with given weights."""
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
    """The class that does the same as a layer and rounds; its own class if there is none."""
    return _ROUNDING_CLASSES.get(type(layer), type(layer))


def has_relu6(layer: Any) -> bool:
    """Whether the outputs of a convolution lie in 0..6."""
    return bool(layer.activation is keras.activations.relu6)


def ends_branch(layer: Any) -> bool:
    """Whether a layer ends a residual branch."""
    return role_of(layer) is Role.BRANCH_END


def _rounded(values: Any, width: float) -> Any:
    """Round to multiples of a 255th of a range's width; the gradient is that of the identity."""

    def straight_through(x: Any) -> Any:
        return tf.round(x * (_STEPS / width)) * (width / _STEPS), lambda upstream: upstream

    return tf.custom_gradient(straight_through)(values)


def rounded_kernel(kernel: Any) -> Any:
    """Round a kernel (..., outputs) to -127..127 steps of each output channel's own size.

    The gradient is that of the identity.
    """
    largest = tf.reduce_max(tf.abs(kernel), axis=range(len(kernel.shape) - 1), keepdims=True)
    step = tf.stop_gradient(largest) / LARGEST_INT8 + SMALLEST_STEP
    return kernel + tf.stop_gradient(tf.round(kernel / step) * step - kernel)
