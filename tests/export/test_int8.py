"""Halves in int8 give nearly the pictures of the float models."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from keras import layers, ops

from aecodec.base.arrays import Latents
from aecodec.base.errors import ModelError
from aecodec.codec_files.file_names import Half
from aecodec.export.plan_checks import lowered
from aecodec.export.tflite.int8 import int8_half
from aecodec.native.networks import NativeNetwork, to_pixels

LATENTS = np.random.default_rng(0).integers(-60, 61, (200, 6)).astype(np.float32)


def softplus(values: Any) -> Any:
    """As PyTorch exports it to ONNX."""
    return ops.where(values > 20, values, ops.log(1 + ops.exp(values)))


def above_the_mean(values: Any) -> Any:
    return ops.maximum(values, ops.mean(values, axis=-1, keepdims=True))


def decoder_with(activation: Any) -> keras.Model:
    rng, codes = np.random.default_rng(1), keras.Input((6,))
    hidden = layers.Activation(activation, name="between")(layers.Dense(24)(codes))
    model = keras.Model(codes, layers.Reshape((4, 4))(layers.Dense(16)(hidden)))
    sizes = ((0, 0.05, (6, 24)), (0, 1, 24), (0, 0.05, (24, 16)))
    model.set_weights([*(rng.normal(*size) for size in sizes), np.full(16, 0.4)])
    return model


def plan_of(decoder: keras.Model) -> bytes:
    int8 = int8_half(decoder, Half.DECODER, LATENTS)
    return lowered(Half.DECODER, decoder, int8, is_any_size=False)


def pixels_of(decoder: keras.Model) -> Latents:
    """The pixels of a decoder in int8, and 255 times those of the decoder in floats."""
    network = NativeNetwork(plan_of(decoder))
    pixels = np.stack([to_pixels(network(codes)) for codes in LATENTS.astype(np.int8)])
    return pixels.reshape(-1, 4, 4), 255 * np.asarray(decoder(LATENTS)).clip(0, 1)


@pytest.mark.parametrize("activation", ["mish", "silu", "relu", softplus, above_the_mean])
def test_an_activation_of_several_operators_keeps_the_range_of_its_input(activation: Any) -> None:
    pixels, expected = pixels_of(decoder_with(activation))
    assert np.abs(pixels - expected).mean() < 1


def test_a_layer_that_no_table_holds_is_named_with_a_replacement() -> None:
    with pytest.raises(ModelError, match=r"layer 'between' of the decoder .* instead, use Softmax"):
        plan_of(decoder_with("log_softmax"))


def test_a_sigmoid_ends_in_pixels_exactly() -> None:
    """Its own steps are 256ths, and those of pixels are 255ths."""
    decoder = decoder_with("relu")
    ended = layers.Activation("sigmoid")(20 * decoder.outputs[0] - 10)
    pixels, expected = pixels_of(keras.Model(decoder.inputs[0], ended))
    assert (pixels[expected > 254.7] == 254).all()  # an int8 sigmoid is 255/256 at most
    assert (pixels[expected < 0.25] == 0).all()


@pytest.mark.parametrize("end", [layers.ReLU(1.0), lambda x: ops.minimum(ops.relu(0.7 * x), 1.0)])
def test_a_clip_may_end_a_decoder(end: Any) -> None:
    decoder = decoder_with("relu")
    convolution = layers.Conv2DTranspose(1, 1, kernel_initializer="ones")
    ended = end(convolution(decoder.outputs[0][..., None]))
    pixels, expected = pixels_of(keras.Model(decoder.inputs[0], ended))
    assert np.abs(pixels - expected[..., 0]).mean() < 1


def test_a_sum_that_is_scaled_has_its_own_range() -> None:
    """Both results share memory in LiteRT."""
    codes = keras.Input((6,))
    total = layers.Add()([layers.Dense(16)(codes), layers.Dense(16)(codes)])
    model = keras.Model(codes, layers.Reshape((4, 4))(layers.Rescaling(30, 0.5)(total)))
    rng = np.random.default_rng(0)
    model.set_weights([rng.normal(0, 1e-4, weights.shape) for weights in model.get_weights()])
    pixels, expected = pixels_of(model)
    assert np.abs(pixels - expected).mean() < 2


def test_a_tensor_keeps_its_range_beside_its_maximum_and_mean() -> None:
    """The three get one scale, because the maximum and the mean are concatenated."""
    rng, codes = np.random.default_rng(3), keras.Input((6,))
    hidden = layers.Reshape((4, 4, 8))(layers.Dense(128)(codes))
    hidden = layers.Conv2D(8, 1)(hidden)
    parts = [part(hidden, axis=-1, keepdims=True) for part in (ops.mean, ops.max)]
    gated = layers.Conv2D(1, 1)(hidden * layers.Conv2D(1, 1)(layers.Concatenate()(parts)))
    decoder = keras.Model(codes, layers.Reshape((4, 4))(gated))
    scales = (0.03, 0, 0.4, 0, 0.1, 0.1, 0.03, 0.5)
    shapes = [weight.shape for weight in decoder.weights]
    pairs = zip(shapes, scales, strict=True)
    decoder.set_weights([scale * rng.normal(size=shape) for shape, scale in pairs])
    pixels, expected = pixels_of(decoder)
    assert np.abs(pixels - expected).mean() < 0.1


def test_a_dense_layer_takes_windows_of_windows() -> None:
    """Swin transformers turn pictures into windows; the result has six axes with the batch."""
    rng, codes = np.random.default_rng(1), keras.Input((6,))
    windows = layers.Reshape((2, 2, 2, 2, 4))(layers.Dense(64)(codes))
    pixels = layers.Dense(1)(layers.Permute((1, 3, 2, 4, 5))(windows))
    decoder = keras.Model(codes, layers.Reshape((4, 4))(pixels))
    sizes = ((0, 0.02, (6, 64)), (0, 0.1, 64), (0, 0.1, (4, 1)))
    decoder.set_weights([*(rng.normal(*size) for size in sizes), np.full(1, 0.5)])
    pixels, expected = pixels_of(decoder)
    assert np.abs(pixels - expected).mean() < 1


@pytest.mark.parametrize(
    ("side", "last", "most"),
    [
        (8, layers.Conv2D(1, 3, strides=2, padding="same"), 10),
        (2, layers.Conv2DTranspose(1, 4, strides=2, padding="same"), 0.8),
    ],
)
def test_the_last_layer_corrects_rounding_errors(side: int, last: Any, most: float) -> None:
    """Its inputs are one value with different gains, and with different rounding errors.

    Without a correction, the mean squared errors are 29 and 1.1.
    """
    rng, codes = np.random.default_rng(0), keras.Input((6,))
    values = layers.Reshape((side, side, 1))(layers.Dense(side**2)(codes))
    repeated = layers.Dense(24, "relu")(values)
    decoder = keras.Model(codes, layers.Reshape((4, 4))(last(repeated)))
    shapes = [weight.shape for weight in decoder.weights]
    kernels = [rng.normal(0, scale, shapes[n]) for n, scale in ((0, 0.01), (4, 0.03))]
    gains, bias = rng.uniform(0.5, 1.5, shapes[2]), np.full(1, 0.5)
    decoder.set_weights([kernels[0], np.zeros(side**2), gains, np.full(24, 3), kernels[1], bias])
    pixels, expected = pixels_of(decoder)
    assert np.square(pixels - expected).mean() < most
