"""Quantization-aware training with a copy of a model that rounds like the int8 TFLite model.

The copy is trained, and its weights are copied to the model. The model has only plain Keras layers,
opens anywhere, and has learned to work in int8. See B. Jacob et al., "Quantization and training of
neural networks for efficient integer-arithmetic-only inference", 2018.

Deep networks are also trained with batch normalization (S. Ioffe and C. Szegedy, 2015), which is
folded into kernels after training (B. Jacob et al., section 3.2). Outputs of a ReLU are positive,
so a training step mainly changes the mean of the next layer's sums. It could push a unit below 0
for all pictures, and the unit would stop learning.
"""

from __future__ import annotations

from collections.abc import Container
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from aecodec.base.arrays import Float32
from aecodec.base.errors import UsageError
from aecodec.keras_models.functional import inputs_of
from aecodec.keras_models.roles import Role, role_of, set_role

_CEILING = 6.0
_STEPS = 255.0
_EPSILON = 1e-3

LARGEST_INT8 = 127
"""Largest integer in a kernel; TFLite rounds kernels with one step per output channel."""

SMALLEST_STEP = 1e-9


def qat_copy(
    model: Any, dtype: str = "float32", inputs: Any = None, exact: Container[Role | None] = ()
) -> Any:
    """A quantization-aware copy: a model with the same layers and weights, but with rounding.

    Kernels are rounded per output channel. Activations are rounded if their range is known: after
    ReLU6, and at the end of a residual branch. If typical `inputs` (N, ...) are passed, the sums of
    these convolutions, which have biases, are also normalized. Layers with the `exact` roles do not
    round. All layers except the output layers have the Keras policy `dtype`.
    """

    def new_layer(layer: Any) -> Any:
        config = layer.get_config()
        if layer.name not in model.output_names:
            config["dtype"] = dtype
        kind = type(layer)
        if role_of(layer) not in exact:
            kind = _ROUNDING_CLASSES.get(kind, kind)
        if inputs is not None and kind is RoundingConv2D:
            is_in_range = role_of(layer) is Role.BRANCH_END or _has_relu6(layer)
            kind = NormalizedConv2D if is_in_range else kind
        return kind.from_config(config)

    copy = keras.models.clone_model(model, clone_function=new_layer)
    for source, layer in zip(model.layers, copy.layers, strict=True):
        set_role(layer, role_of(source))
        if isinstance(layer, NormalizedConv2D):
            layer.start_like(source, inputs_of(layer, copy, inputs))
        else:
            layer.set_weights(source.get_weights())
    return copy


def copy_weights(trained: Any, model: Any) -> None:
    """Copy the weights of a trained quantization-aware copy to its model, rounded to int8.

    TFLite then uses exactly the integers from training; with unrounded kernels and its own scales,
    it would not. Rounding in bfloat16 and in float32 produces different integers, a loss of about
    0.5 dB, so kernels are rounded in the arithmetic of the copy.
    """
    for source, target in zip(trained.layers, model.layers, strict=True):
        weights = source.get_weights()
        if type(source) is not layers.Conv2D:  # which is exact
            weights = [_as_trained(array, source.compute_dtype) for array in weights]
        if isinstance(source, NormalizedConv2D):
            weights = source.folded(weights)
        target.set_weights(weights)


def _as_trained(weights: Float32, dtype: str) -> Float32:
    if weights.ndim < 2:
        return weights
    return np.asarray(tf.cast(rounded_kernel(tf.cast(weights, dtype)), tf.float32))


class RoundingConv2D(layers.Conv2D):
    """A convolution that rounds its kernel, and its outputs if their range is known."""

    def convolution_op(self, inputs: Any, kernel: Any) -> Any:
        return super().convolution_op(inputs, rounded_kernel(kernel))

    def call(self, inputs: Any) -> Any:
        outputs = super().call(inputs)
        if role_of(self) is Role.BRANCH_END:
            return _rounded(tf.clip_by_value(outputs, -_CEILING, _CEILING), 2 * _CEILING)
        return _rounded(outputs, _CEILING) if _has_relu6(self) else outputs


class NormalizedConv2D(RoundingConv2D):
    """A rounding convolution that normalizes its sums, in float32 for all policies."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs | {"use_bias": False})
        self.normalization = layers.BatchNormalization(epsilon=_EPSILON, dtype="float32")

    def build(self, input_shape: Any) -> None:
        super().build(input_shape)
        self.normalization.build(self.compute_output_shape(input_shape))

    def convolution_op(self, inputs: Any, kernel: Any) -> Any:
        return self.normalization(super().convolution_op(inputs, kernel))

    def start_like(self, convolution: Any, inputs: Any) -> None:
        """Compute the same as a plain convolution with a bias for typical inputs (N, h, w, C)."""
        kernel, bias = convolution.get_weights()
        self.kernel.assign(kernel)
        inputs, weights = (tf.cast(array, self.compute_dtype) for array in (inputs, self.kernel))
        sums = np.asarray(super().convolution_op(inputs, weights), np.float32)
        all_but_last = tuple(range(sums.ndim - 1))
        mean, variance = sums.mean(all_but_last), sums.var(all_but_last)
        scale = np.sqrt(variance + _EPSILON)
        self.normalization.set_weights([scale, mean + bias, mean, variance])

    def folded(self, weights: list[Float32]) -> list[Float32]:
        kernel, scale, centre, mean, variance = weights
        scale = scale / np.sqrt(variance + _EPSILON)
        return [kernel * scale, centre - mean * scale]


class _RoundingReLU(layers.ReLU):
    def call(self, inputs: Any) -> Any:
        outputs = super().call(inputs)
        return _rounded(outputs, _CEILING) if self.max_value == _CEILING else outputs


_ROUNDING_CLASSES: dict[Any, Any] = {layers.Conv2D: RoundingConv2D, layers.ReLU: _RoundingReLU}


def _has_relu6(layer: Any) -> bool:
    return bool(layer.activation is keras.activations.relu6)


def _rounded(values: Any, width: float) -> Any:
    """Round to multiples of 1/255 of the width of a range, with the gradient of the identity."""

    def straight_through(x: Any) -> Any:
        return tf.round(x * (_STEPS / width)) * (width / _STEPS), lambda upstream: upstream

    return tf.custom_gradient(straight_through)(values)


def rounded_kernel(kernel: Any) -> Any:
    """Round a kernel (..., outputs) to -127..127 steps of its output channel.

    The gradient is that of the identity.
    """
    largest = tf.reduce_max(tf.abs(kernel), axis=range(len(kernel.shape) - 1), keepdims=True)
    step = tf.stop_gradient(largest) / LARGEST_INT8 + SMALLEST_STEP
    return kernel + tf.stop_gradient(tf.round(kernel / step) * step - kernel)


def policy_of(dtype: str) -> str:
    """The Keras policy for the `dtype` of a recipe, which may be `fastest`.

    `fastest` is `mixed_bfloat16` if the machine has instructions for bfloat16 matrices, such as
    GPUs and Intel's AMX. It is then two to three times as fast as float32. On other machines, Keras
    emulates some operations, and `float32` is up to twice as fast.

    >>> policy_of("float32"), policy_of("fastest") in ("float32", "mixed_bfloat16")
    ('float32', True)
    """
    if dtype != "fastest":
        return dtype
    try:
        has_amx = "amx_bf16" in Path("/proc/cpuinfo").read_text("utf-8").split()
    except OSError:  # not Linux
        has_amx = False
    return "mixed_bfloat16" if has_amx or tf.config.get_visible_devices("GPU") else "float32"


def use_device(name: str) -> None:
    """Use `cpu` or the GPU with a number, before TensorFlow computes; UsageError if absent."""
    gpus = tf.config.list_physical_devices("GPU")
    names = [*map(str, range(len(gpus))), "cpu"]
    if name not in names:
        raise UsageError(f"TensorFlow has no device {name}: use --device {' or '.join(names)}")
    tf.config.set_visible_devices(gpus[int(name) :][:1] if name != "cpu" else [], "GPU")


def product_dtype(model: Any) -> str:
    inputs = keras.layers.InputLayer
    first_layer = next(layer for layer in model.layers if not isinstance(layer, inputs))
    return str(first_layer.compute_dtype)
