"""Quantization-aware training: a twin of a model that rounds as its int8 TFLite model will.

The twin is trained and its weights are given to the model. So the model itself stays plain Keras,
opens anywhere, and has learned to live with int8. See B. Jacob et al., "Quantization and training
of neural networks for efficient integer-arithmetic-only inference", 2018.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf
from keras import layers

BRANCH = "branch"
"""How the names begin of the layers that end a residual branch. What lies outside -6..6 there
cannot matter, for the sum with 0..6 goes through ReLU6."""

_CEILING = 6.0
_STEPS = 255.0
_TINY = 1e-9

_FINEST, _MOST_MOVED = 5, 2.0**-11
"""How often the grid of kernels may be halved, and what of its sum a channel may lose to it."""

Floats = npt.NDArray[np.float32]


def int8_twin(model: Any, dtype: str = "float32") -> Any:
    """A model of the same layers and weights, which rounds kernels and activations.

    Kernels are rounded for each output channel, activations where their range is known: after
    ReLU6, and at the end of a residual branch.

    Args:
        model: a Keras model, functional or Sequential.
        dtype: Keras's policy for all layers but those that state another than the default.

    >>> from aecodec.training import mnist_encoder
    >>> twin = int8_twin(mnist_encoder((28, 28), (50,)))
    >>> twin.output_shape, [layer.name for layer in twin.layers if "branch" in layer.name]
    ((None, 50), ['branch0'])
    """
    twin = rounding_clone(model, dtype, kind_of_rounding)
    twin.set_weights(model.get_weights())
    return twin


def rounding_clone(model: Any, dtype: str, kind_of: Callable[[Any], Any]) -> Any:
    """A model of new layers of the same configurations, each of the kind that is given for it."""

    def rounding(layer: Any) -> Any:
        config = layer.get_config()
        if layer.name not in model.output_names:
            config["dtype"] = dtype
        return kind_of(layer).from_config(config)

    return keras.models.clone_model(model, clone_function=rounding)


def copy_weights(twin: Any, model: Any) -> None:
    """Give a trained twin's weights to the model, kernels rounded as int8 rounds them.

    TFLite finds the very integers that the twin was trained with; it would not, were it given the
    kernels unrounded and its own scale. In bfloat16 other integers come out than in float32, some
    0.5 dB away, so they are rounded here in the twin's own arithmetic. They are written to the
    coarsest grid of powers of two that tells them apart and keeps their sum, which is what even
    areas are multiplied by, and so pack well in an HDF5 file.
    """
    for source, target in zip(twin.layers, model.layers, strict=True):
        weights = [_as_trained(each, source.compute_dtype) for each in source.get_weights()]
        if isinstance(source, RoundingConv2D):
            weights = source.folded(weights)
        target.set_weights([_on_int8_grid(each) for each in weights])


def _as_trained(weights: Floats, dtype: str) -> Floats:
    if weights.ndim < 2:
        return weights
    return np.asarray(tf.cast(_rounded_kernel(tf.cast(weights, dtype)), tf.float32))


def _on_int8_grid(weights: Floats) -> Floats:
    if weights.ndim < 2:
        return weights
    integers, step = _int8_of(weights)
    exact, coarsest = integers * step, np.exp2(np.floor(np.log2(step)))
    gridded = exact
    for halvings in range(_FINEST, -1, -1):
        unit = coarsest / 2**halvings
        rounded = np.rint(exact / unit) * unit
        gridded = np.where(_serves(rounded, exact, integers), rounded, gridded)
    return np.asarray(gridded, np.float32)


def _serves(rounded: npt.NDArray[Any], exact: npt.NDArray[Any], integers: npt.NDArray[Any]) -> Any:
    """Of each output channel, whether int8 makes the same of it, and so do even inputs."""
    over_inputs: Any = {"axis": _inputs(exact), "keepdims": True}
    is_told_apart = (_int8_of(rounded)[0] == integers).all(**over_inputs)
    moved = np.abs((rounded - exact).sum(**over_inputs))
    return is_told_apart & (moved <= _MOST_MOVED * np.abs(exact).sum(**over_inputs))


def is_on_int8_grid(kernel: npt.NDArray[Any]) -> bool:
    """Whether a kernel (..., outputs) is one that :func:`copy_weights` has rounded.

    Of few significant bits, that is; weights of a training in floats never are.

    >>> is_on_int8_grid(np.array([[0.5, -1.0], [0.25, 0.75]]))
    True
    >>> is_on_int8_grid(np.array([[0.1, 0.2], [0.3, 0.4]]))
    False
    """
    step = _int8_of(kernel)[1]
    unit = np.exp2(np.floor(np.log2(step)) - _FINEST - 1)  # rounding may have moved the step
    return bool((np.rint(kernel / unit) * unit == kernel).all())


def _int8_of(kernel: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """What TFLite makes of it: integers in -127..127, and the step of each output channel."""
    step = np.abs(kernel).max(axis=_inputs(kernel), keepdims=True) / 127 + _TINY
    return np.rint(kernel / step), step


def _inputs(kernel: npt.NDArray[Any]) -> tuple[int, ...]:
    """All axes but that of the output channels."""
    return tuple(range(kernel.ndim - 1))


class RoundingConv2D(layers.Conv2D):
    """A convolution that rounds its kernel, and what it gives where the range is known."""

    def folded(self, weights: list[Floats]) -> list[Floats]:
        """Its weights as those of a plain convolution that does the same."""
        return weights

    def convolution_op(self, inputs: Any, kernel: Any) -> Any:
        return super().convolution_op(inputs, _rounded_kernel(kernel))

    def call(self, inputs: Any) -> Any:
        outputs = super().call(inputs)
        if is_branch(self):
            return _rounded(tf.clip_by_value(outputs, -_CEILING, _CEILING), 2 * _CEILING)
        return _rounded(outputs, _CEILING) if is_relu6(self) else outputs


class _RoundingReLU(layers.ReLU):
    def call(self, inputs: Any) -> Any:
        outputs = super().call(inputs)
        return _rounded(outputs, _CEILING) if self.max_value == _CEILING else outputs


_ROUNDING: dict[Any, Any] = {layers.Conv2D: RoundingConv2D, layers.ReLU: _RoundingReLU}


def kind_of_rounding(layer: Any) -> Any:
    """The class whose layers do what this one does, and round; its own if there is none."""
    return _ROUNDING.get(type(layer), type(layer))


def is_relu6(layer: Any) -> bool:
    """Whether what a convolution gives lies in 0..6."""
    return bool(layer.activation is keras.activations.relu6)


def is_branch(layer: Any) -> bool:
    """Whether a convolution ends a residual branch."""
    return bool(layer.name.startswith(BRANCH))


def _rounded(values: Any, width: float) -> Any:
    """To multiples of a 255th of the range's width, and the gradient of the identity."""

    def straight_through(x: Any) -> Any:
        return tf.round(x * (_STEPS / width)) * (width / _STEPS), lambda upstream: upstream

    return tf.custom_gradient(straight_through)(values)


def _rounded_kernel(kernel: Any) -> Any:
    """To -127..127 steps of each output channel's own size, and the gradient of the identity."""
    largest = tf.reduce_max(tf.abs(kernel), axis=range(len(kernel.shape) - 1), keepdims=True)
    step = tf.stop_gradient(largest) / 127 + _TINY
    return kernel + tf.stop_gradient(tf.round(kernel / step) * step - kernel)
