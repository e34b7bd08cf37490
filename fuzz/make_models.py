"""Makes `fuzz/models`: small TFLite models of all layers that codecs are adopted with.

    python -m fuzz.make_models fuzz/models

Each layer is converted as the exporter does, to floats and to int8, and a file is kept if it has an
operator, or one on another type, that no file before it has.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops

from aecodec.export.tflite.calibrated import CalibratedModel, float_model_with_ranges
from aecodec.network.check import check_model
from aecodec.network.operators import OPERATORS

_PICTURE, _TOKENS, _FLAT, _ANY = (8, 8, 6), (8, 6), (8,), (None, None, 4)
_ACTIVATIONS = (
    *("elu", "exponential", "gelu", "hard_shrink", "hard_sigmoid", "hard_swish", "hard_tanh"),
    *("leaky_relu", "log_softmax", "mish", "relu6", "selu", "sigmoid", "soft_shrink", "softmax"),
    *("softplus", "softsign", "sparse_plus", "squareplus", "tanh"),
)

Make = Callable[[Any], Any]
"""Applies layers to a Keras tensor."""


def _in_turn(*each: Any) -> Make:
    def make(tensor: Any) -> Any:
        for layer in each:
            tensor = layer(tensor)
        return tensor

    return make


def _joined(x: Any) -> Any:
    pooled = [layers.GlobalAveragePooling2D()(x), layers.GlobalMaxPooling2D()(x)]
    return layers.Dense(4)(layers.Concatenate()(pooled))


def _merged(x: Any) -> Any:
    means = [layers.Add()([x, 2 * x]), layers.Subtract()([x, x + 1]), layers.Maximum()([x, -x])]
    return layers.Average()([*means, layers.Minimum()([x, x / 2])])


def _functions(x: Any) -> Any:
    size = ops.abs(x)
    many = ops.sqrt(size) + ops.square(x) + ops.exp(-size) + ops.log(size + 1) + ops.rsqrt(size + 1)
    return many + ops.sin(x) + ops.cos(x) + ops.power(size + 0.1, 2.5) + ops.arctan2(x, x + 1)


def _rounded(x: Any) -> Any:
    whole = ops.floor(x) + ops.ceil(x) + ops.round(x) + ops.sign(x)
    return whole + ops.floor_divide(x, 2.0) + ops.mod(x, 2.0) + ops.divide(x, ops.abs(x) + 1)


def _compared(x: Any) -> Any:
    both = ops.logical_and(x >= 0, x <= 1), ops.logical_or(x < 0, x > 1), ops.logical_not(x > 2)
    found = sum(ops.cast(each, "float32") for each in (*both, ops.equal(x, 0), ops.not_equal(x, 1)))
    return ops.where(x > 0, x, x / 10) + found


def _reduced(x: Any) -> Any:
    each = (ops.mean, ops.sum, ops.max, ops.min, ops.prod, ops.var)
    return sum(reduce(x, axis=-1, keepdims=True) for reduce in each)


def _moved(x: Any) -> Any:
    stacked = ops.stack([x[..., 0], x[..., 1]], -1)
    parts = [stacked, ops.split(x, 3, axis=-1)[1], ops.flip(x, 1)[..., ::2], ops.roll(x, 1, axis=1)]
    return ops.concatenate(parts, -1)


def _cut(x: Any) -> Any:
    one, other = ops.split(x, [2], axis=-1)
    unstacked = ops.unstack(one, axis=-1)
    return ops.expand_dims(ops.squeeze(other[:, :1], 1), 1) + ops.expand_dims(unstacked[0], -1)


class _Deep(layers.Layer):
    """Rows and columns to channels, and back."""

    def call(self, x: Any) -> Any:
        """Pictures (N, H, W, C) to the same."""
        return tf.nn.depth_to_space(2 * tf.nn.space_to_depth(x, 2), 2)


class _Nearest(layers.Layer):
    """The nearest of a few vectors, as in vector quantization."""

    def call(self, x: Any) -> Any:
        """Vectors (N, K) to vectors (N, 4)."""
        distances = tf.reduce_sum(tf.square(x[:, None] - np.eye(4, 8, dtype=np.float32)), axis=-1)
        return tf.one_hot(tf.argmin(distances, axis=-1), 4)


MODELS: dict[str, tuple[tuple[int | None, ...], Make]] = {
    **{name: (_PICTURE, _in_turn(layers.Activation(name))) for name in _ACTIVATIONS},
    "convolutions": (
        _PICTURE,
        _in_turn(
            layers.Conv2D(8, 3, strides=2, padding="same", activation="relu"),
            layers.DepthwiseConv2D(3, padding="same", depth_multiplier=2),
            layers.Conv2D(4, 2, groups=2, dilation_rate=2),
            layers.Conv2DTranspose(4, 3, strides=2, padding="same"),
            layers.Conv2DTranspose(3, 3, strides=3),
        ),
    ),
    "dilated": (_PICTURE, _in_turn(layers.DepthwiseConv2D(3, padding="same", dilation_rate=2))),
    "causal": (_TOKENS, _in_turn(layers.Conv1D(4, 3, padding="causal", dilation_rate=2))),
    "pooled": (
        _PICTURE,
        _in_turn(layers.MaxPooling2D(3, 2, padding="same"), layers.AveragePooling2D(2)),
    ),
    "joined": (_PICTURE, _joined),
    "merged": (_PICTURE, _merged),
    "slopes": (_PICTURE, _in_turn(layers.PReLU(shared_axes=[1, 2]), layers.LeakyReLU())),
    "normalized": (
        _PICTURE,
        _in_turn(layers.GroupNormalization(2), layers.LayerNormalization(), layers.Dense(3)),
    ),
    "unit": (_TOKENS, _in_turn(layers.UnitNormalization(), layers.RMSNormalization())),
    "attention": (_TOKENS, lambda x: layers.MultiHeadAttention(2, 3)(x, x)),
    "bordered": (
        _PICTURE,
        _in_turn(layers.ZeroPadding2D(1), layers.Permute((2, 1, 3)), layers.Cropping2D(2)),
    ),
    "mirrored": (
        _PICTURE,
        lambda x: ops.pad(x, ((0, 0), (1, 1), (2, 2), (0, 0)), mode="reflect"),
    ),
    "framed": (
        _PICTURE,
        lambda x: ops.pad(x, ((0, 0), (1, 1), (2, 2), (0, 0)), constant_values=1.0),
    ),
    "bilinear": (_PICTURE, _in_turn(layers.UpSampling2D(2, interpolation="bilinear"))),
    "resized": (_PICTURE, _in_turn(layers.Resizing(12, 10, interpolation="nearest"))),
    "depth": (_PICTURE, _in_turn(_Deep())),
    "nearest": (_FLAT, _in_turn(_Nearest())),
    "functions": (_PICTURE, _functions),
    "rounded": (_PICTURE, _rounded),
    "compared": (_PICTURE, _compared),
    "reduced": (_PICTURE, _reduced),
    "moved": (_PICTURE, _moved),
    "cut": (_TOKENS, _cut),
    "repeated": (_FLAT, _in_turn(layers.RepeatVector(3))),
    "broadcast": (_FLAT, lambda x: ops.broadcast_to(ops.reshape(x, (-1, 1, 8)), (1, 4, 8))),
    "taken": (_TOKENS, lambda x: ops.take(x, [1, 3, 2], axis=1)),
    "looked up": (_FLAT, lambda x: layers.Embedding(4, 5)(ops.cast(ops.clip(x, 0, 3), "int32"))),
    "summed": (_TOKENS, lambda x: ops.cumsum(x, axis=1)),
    "largest": (_FLAT, lambda x: ops.top_k(x, 3)[0]),
    "product": (_TOKENS, lambda x: ops.matmul(x, ops.transpose(x, (0, 2, 1)))),
    "clipped": (_PICTURE, lambda x: ops.clip(x, -1, 1) + ops.clip(x, 0, 1)),
    "any size": (
        _ANY,
        _in_turn(
            layers.Conv2D(8, 3, strides=2, padding="same"), layers.Conv2D(4, 1, activation="gelu")
        ),
    ),
}


def converted(shape: tuple[int | None, ...], make: Make) -> list[bytes]:
    """A model in floats and, where that is possible, in int8."""
    inputs = keras.Input(batch_shape=(1, *shape))
    model = keras.Model(inputs, make(inputs))
    drawn = np.random.default_rng(0).normal(size=(4, *(side or 8 for side in shape)))
    samples = drawn.astype(np.float32)
    found = [float_model_with_ranges(model, samples)]
    try:
        found.append(CalibratedModel(model, samples).quantized())
    except Exception as error:  # whatever the quantizer raises
        print(f"no int8: {type(error).__name__}")
    return found


def operators_of(content: bytes) -> set[tuple[int, int]]:
    """The operators of a model, by their codes, each with the type of its output."""
    model = check_model(content).model
    return {(each.code, model.tensors[each.outputs[0]].type) for each in model.operators}


def main(folder: Path) -> None:
    """Convert all models, and keep those with an operator or type that no earlier one has."""
    known: set[tuple[int, int]] = set()
    for name, (shape, make) in MODELS.items():
        try:
            contents = converted(shape, make)
        except Exception as error:  # a layer that TFLite lacks, or this Keras
            print(f"{name}: {str(error)[:100]}")
            continue
        for kind, content in zip(("float", "int8"), contents, strict=False):
            new = operators_of(content) - known
            if new:
                (folder / f"{name.replace(' ', '_')}_{kind}.tflite").write_bytes(content)
                known |= new
    codes = {code for code, _ in known}
    print("never:", [row.name for row in OPERATORS.values() if row.code not in codes])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
