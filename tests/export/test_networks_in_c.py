"""Networks of Keras layers, and of a codec of any size, run in C with LiteRT's integers."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from helpers.c.network import CNetwork
from keras import layers, ops

from aecodec import Codec
from aecodec.codec_files.file_names import Half
from aecodec.errors import ModelError
from aecodec.export.tflite.conversion import quiet
from aecodec.network.convert import network_plan
from aecodec.tflite.reference import reference_transform

pytestmark = pytest.mark.skipif(not shutil.which("cc"), reason="no C compiler here")

SHAPE = (12, 12, 4)


def _gated(pictures: Any) -> Any:
    """Squeeze and excitation."""
    means = layers.GlobalAveragePooling2D(keepdims=True)(pictures)
    return layers.Multiply()([pictures, layers.Conv2D(4, 1, activation="sigmoid")(means)])


def _joined(pictures: Any) -> Any:
    positive = layers.Conv2D(6, 3, padding="same", activation="relu")(pictures)
    signed = layers.Conv2D(6, 3, padding="same")(pictures)
    parts = [layers.Add()([positive, signed]), layers.Subtract()([positive, signed]), positive]
    return layers.Concatenate()([*parts, layers.Maximum()([positive, signed])])


def _normalized(pictures: Any) -> Any:
    return layers.LayerNormalization()(layers.Conv2D(8, 3, padding="same")(pictures))


def _attending(pictures: Any) -> Any:
    """Each of 9 places looks at all of them."""
    places = layers.Reshape((9, 4))(layers.AveragePooling2D(4)(pictures))
    mixed = layers.LayerNormalization()(places + layers.MultiHeadAttention(2, 3)(places, places))
    return layers.Dense(5, activation="softmax")(mixed)


def _reflected(pictures: Any) -> Any:
    """Convolutions within borders that mirror the picture, as networks for pictures have them."""
    for mode in ("reflect", "symmetric"):
        wide = ops.pad(pictures, ((0, 0), (1, 2), (2, 1), (0, 0)), mode=mode)
        pictures = layers.Conv2D(6, 3, activation="relu")(wide)
    return pictures


def _normed(pictures: Any) -> Any:
    """Vectors over their length, where its square is a sum."""
    sums = ops.sum(ops.square(pictures), axis=-1, keepdims=True)
    return pictures * ops.rsqrt(sums + 0.1)


NETWORKS: dict[str, Callable[[Any], Any]] = {
    "dense": lambda x: layers.Reshape((4, 4, 3))(layers.Dense(48)(layers.Flatten()(x))),
    "separable": layers.SeparableConv2D(9, 3, strides=2, padding="same", activation="relu6"),
    "transposed": layers.Conv2DTranspose(5, 4, strides=2, padding="same", activation="relu"),
    "transposed, valid": layers.Conv2DTranspose(5, 3, strides=2),
    "nearest": lambda x: layers.Conv2D(3, 3)(layers.UpSampling2D(2)(x)),
    "bilinear": layers.UpSampling2D(2, interpolation="bilinear"),
    "pooled": lambda x: layers.AveragePooling2D(2)(layers.MaxPooling2D(2)(x)),
    "dilated": layers.Conv2D(6, 3, padding="same", dilation_rate=2, activation="tanh"),
    "grouped": layers.Conv2D(6, 3, padding="same", groups=2, activation="leaky_relu"),
    "swish": layers.Conv2D(6, 3, padding="same", activation="swish"),
    "softplus": layers.Conv2D(6, 3, padding="same", activation="softplus"),
    "cropped": lambda x: layers.Cropping2D(2)(layers.ZeroPadding2D(3)(x)),
    "slopes": lambda x: layers.PReLU(shared_axes=[1, 2])(layers.Conv2D(6, 3)(x)),
    "turned": layers.Permute((2, 1, 3)),
    "gated": _gated,
    "joined": _joined,
    "normalized": _normalized,
    "attending": _attending,
    "reflected": _reflected,
    "normed": _normed,
    "softmax": layers.Conv2D(6, 3, activation="softmax"),
    "taken": lambda x: ops.take(layers.Conv2D(6, 3)(x), [5, 0, 1, 3, 3], axis=-1),
}


def int8_model(network: Callable[[Any], Any]) -> bytes:
    """A network with random weights, as int8 TFLite."""
    keras.utils.set_random_seed(0)
    pictures = keras.Input(SHAPE, batch_size=1)
    model = keras.Model(pictures, network(pictures))
    rng = np.random.default_rng(0)
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: (
        [rng.random((1, *SHAPE), np.float32)] for _ in range(8)
    )
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.int8
    with quiet():
        return bytes(converter.convert())


@pytest.mark.parametrize("name", NETWORKS)
def test_networks_of_keras_layers_give_the_integers_of_the_reference_kernels(name: str) -> None:
    model, rng = int8_model(NETWORKS[name]), np.random.default_rng(1)
    plan, reference = network_plan(model), reference_transform(model)
    for kernels in ("small", "best"):
        network = CNetwork(plan, kernels)
        for _ in range(5):
            inputs = rng.integers(-128, 128, SHAPE).astype(np.int8)
            status, output = network.run(inputs)
            assert status == 0
            assert (output.ravel() == reference(inputs[None]).ravel()).all()


def test_an_operator_that_c_lacks_is_named() -> None:
    model = int8_model(layers.Conv2D(6, 3, activation="log_softmax"))
    with pytest.raises(ModelError, match=r"operator 1, LOG_SOFTMAX"):
        network_plan(model)


def test_a_codec_of_any_size_takes_any_size(convolutional_codec: Codec) -> None:
    rng = np.random.default_rng(0)
    for half in Half:
        model = convolutional_codec.folder.read(half.tflite)
        network = CNetwork(network_plan(model, is_any_size=True))
        reference = reference_transform(model)
        channels, side = (1, 4) if half is Half.ENCODER else (8, 1)
        for rows, columns in [(1, 1), (3, 7), (10, 4)]:
            shape = (rows * side, columns * side, channels)
            inputs = rng.integers(-128, 128, shape).astype(np.int8)
            status, output = network.run(inputs)
            assert status == 0
            assert (output == reference(inputs[None])[0]).all()
