"""Layers that convert vectors to integer codes and back, registered with Keras.

An index with up to 4,096 values does not fit into an int8 channel, so codes are digits. Exporters
replace the quantizers of models with these layers, and the layers with integer operators of plans.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from aecodec.base.arrays import Float32
from aecodec.keras_models.functional import calls_of

MOST_CODES = 4096

Digits = npt.NDArray[np.intp]


def digits_of(numbers: npt.NDArray[Any], count: int) -> Digits:
    """Digits (..., K) in -128..127 of numbers below `count`, which is at most 65,536."""
    bases, offset = bases_of(count)
    whole, remainder = np.divmod(numbers, bases[0])
    digits = [whole - offset // bases[0], remainder - offset % bases[0]]
    return np.stack(digits[: len(bases)], axis=-1).astype(np.intp)


def bases_of(count: int) -> tuple[list[int], int]:
    """Factors of the digits of numbers below `count`, and the number whose digits are all 0.

    >>> bases_of(256), bases_of(512)
    (([1], 128), ([32, 1], 272))
    """
    if count <= 256:
        return [1], count // 2
    base = 1 << -(-(count - 1).bit_length() // 2)
    return [base, 1], -(-count // base) // 2 * base + base // 2


class _Codes(keras.layers.Layer):
    """A layer with constant weights; `columns` has one weight per output channel if they differ."""

    shapes: dict[str, Sequence[int]]
    columns: ClassVar[str | None] = None

    def __init__(self, shapes: dict[str, Sequence[int]], **kwargs: Any) -> None:
        super().__init__(trainable=False, **kwargs)
        self.shapes = {name: tuple(shape) for name, shape in shapes.items()}
        for name, shape in self.shapes.items():
            setattr(self, name, self.add_weight(shape=shape, name=name, trainable=False))
        self.built = True

    @classmethod
    def of(cls, **constants: npt.NDArray[Any]) -> Any:
        layer = cls({name: values.shape for name, values in constants.items()})
        layer.set_weights([values.astype(np.float32) for values in constants.values()])
        return layer

    def constants(self) -> dict[str, Float32]:
        return dict(zip(self.shapes, self.get_weights(), strict=True))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "shapes": self.shapes}

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        channels = self.shapes[self.columns][1] if self.columns else input_shape[-1]
        return (*input_shape[:-1], channels)


@keras.saving.register_keras_serializable(package="aecodec")
class NearestCode(_Codes):
    """Converts vectors (..., D) to the digits (..., K) of the code with the largest score.

    Weights: `kernel` (D, n) and `bias` (n,), for scores that are linear in the vectors, and
    `digits` (n, K). The nearest of n vectors has the largest `2 v . x - |v|**2`.
    """

    columns = "digits"

    def call(self, inputs: Any) -> Any:
        scores = tf.matmul(inputs, self.kernel) + self.bias
        return tf.gather(tf.convert_to_tensor(self.digits), tf.argmax(scores, axis=-1))


@keras.saving.register_keras_serializable(package="aecodec")
class ScalarCodes(_Codes):
    """Converts vectors (..., D) to codes (..., D), with a table for each channel.

    Weights: `table` (D, n), the codes of n values at equal distances between the `limits` (2,).
    """

    def call(self, inputs: Any) -> Any:
        channels, count = self.shapes["table"]
        place = (inputs - self.limits[0]) / (self.limits[1] - self.limits[0]) * (count - 1)
        rows = tf.cast(tf.round(tf.clip_by_value(place, 0, count - 1)), tf.int32)
        return tf.gather(tf.reshape(self.table, [-1]), rows + count * tf.range(channels))


@keras.saving.register_keras_serializable(package="aecodec")
class CodeVectors(_Codes):
    """Converts digits (..., K) to the row (..., D) of a table that they select.

    Weights: `bases` (K,), `offset` (1,) and `table` (n, D). The row is `offset` plus the sum of
    digits times bases, clipped to 0..n-1, so that damaged codes also select a row.
    """

    columns = "table"

    def call(self, inputs: Any) -> Any:
        rows = tf.reduce_sum(inputs * self.bases, axis=-1) + self.offset[0]
        rows = tf.clip_by_value(rows, 0, self.shapes["table"][0] - 1)
        return tf.gather(tf.convert_to_tensor(self.table), tf.cast(tf.round(rows), tf.int32))


def code_layer(model: Any) -> Any:
    """The layer of a half that makes or reads codes; None if its latents are not codes."""
    ends = (model.layers[-1], model.layers[min(1, len(model.layers) - 1)])
    return next((layer for layer in ends if isinstance(layer, _Codes)), None)


def float_part(model: Any) -> Any:
    """A half without its layer of codes: an encoder up to it, or a decoder after it."""
    layer = code_layer(model)
    if layer is None:
        return model
    model, calls = calls_of(model)
    if isinstance(layer, CodeVectors):
        return keras.Model(calls[0].output, model.outputs[0], name=model.name)
    return keras.Model(model.inputs[0], calls[-1].inputs[0], name=model.name)
