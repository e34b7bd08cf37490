"""Layers that Keras lacks, registered with Keras so that it opens model files with them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf
from keras import ops


class _Rearrangement(keras.layers.Layer):
    def __init__(self, block: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.block = block

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "block": self.block}


@keras.saving.register_keras_serializable(package="aecodec")
class DepthToSpace(_Rearrangement):
    """(N, h, w, C * block**2) to (N, h * block, w * block, C).

    The layer converts to one native TFLite operator, for any batch size.
    """

    def call(self, inputs: Any) -> Any:
        return tf.nn.depth_to_space(inputs, self.block)


@keras.saving.register_keras_serializable(package="aecodec")
class SpaceToDepth(_Rearrangement):
    """(N, h * block, w * block, C) to (N, h, w, block**2 * C), the inverse of DepthToSpace."""

    def call(self, inputs: Any) -> Any:
        return tf.nn.space_to_depth(inputs, self.block)


@keras.saving.register_keras_serializable(package="aecodec")
class Standardization(keras.layers.Layer):
    """(x - mean) / sqrt(variance + epsilon), over some axes.

    The layer divides by the fourth root twice. In int8, the quotients of a single division would be
    too small or too coarse if variances differ much. The second division corrects the first.

    `scale` multiplies the channels first, and leaves the result unchanged. It is None if channels
    are averaged.
    """

    def __init__(self, axes: Sequence[int], epsilon: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._axes, self._epsilon = tuple(axes), epsilon

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "axes": self._axes, "epsilon": self._epsilon}

    def build(self, input_shape: Sequence[int | None]) -> None:
        """Create the scale of the channels, if they are not averaged."""
        are_averaged = {-1, len(input_shape) - 1} & set(self._axes)
        shape, options = (input_shape[-1],), {"initializer": "ones", "trainable": False}
        self.scale = None if are_averaged else self.add_weight(shape, name="scale", **options)
        super().build(input_shape)

    def call(self, inputs: Any) -> Any:
        epsilon = self._epsilon
        if self.scale is not None:
            inputs, epsilon = inputs * self.scale, epsilon * ops.square(self.scale)
        centred = inputs - self._mean(inputs)
        root = ops.rsqrt(ops.sqrt(self._mean(ops.square(centred)) + epsilon))
        half = centred * root
        ratio = self._mean(ops.square(half))  # variance / sqrt(variance + epsilon)
        root = (ratio + ops.sqrt(ops.square(ratio) + 4 * epsilon)) / 2
        return half * ops.rsqrt(root)

    def _mean(self, tensor: Any) -> Any:
        return ops.mean(tensor, axis=self._axes, keepdims=True)


TENSOR = "<tensor>"


@keras.saving.register_keras_serializable(package="aecodec")
class BareOperation(keras.layers.Layer):
    """A function of `keras.ops` as a layer, because HDF5 files can only store layers.

    `operation` is the operation object of a call in a functional model; `arguments` are the
    positional and named arguments of the call, with :data:`TENSOR` for each tensor.
    """

    def __init__(self, operation: Any, arguments: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._operation, self._arguments = _deserialized(operation), _deserialized(arguments)

    def get_config(self) -> dict[str, Any]:
        parts = {"operation": self._operation, "arguments": self._arguments}
        serialize = keras.saving.serialize_keras_object
        return {**super().get_config(), **{name: serialize(part) for name, part in parts.items()}}

    def call(self, tensors: list[Any]) -> Any:
        """Apply the operation to tensors, which replace the placeholders in order."""
        remaining = iter(tensors)
        args, kwargs = keras.tree.map_structure(
            lambda leaf: next(remaining) if isinstance(leaf, str) and leaf == TENSOR else leaf,
            self._arguments,
        )
        return self._operation(*args, **kwargs)


def _deserialized(part: Any) -> Any:
    """Deserialize a part of a file. JSON lists become tuples, which can index tensors."""
    if isinstance(part, list | tuple):
        return tuple(_deserialized(element) for element in part)
    if not isinstance(part, dict):
        return part
    if "class_name" in part:
        return keras.saving.deserialize_keras_object(part)
    return {name: _deserialized(element) for name, element in part.items()}
