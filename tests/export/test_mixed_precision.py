"""Layers that int8 would ruin become tables, and no others."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import layers

from aecodec.arrays import Float32
from aecodec.codec_files.file_names import Half
from aecodec.errors import ModelError
from aecodec.export.lowering import lowered
from aecodec.export.tflite.int8 import ALLOWED_ERROR, int8_tflite
from aecodec.export.tflite.mixed_precision import MixedModel
from aecodec.export.tflite.runners import FloatRunner
from aecodec.keras_models.runners import float_predictor

_NOISE = 0.05
LATENTS = np.random.default_rng(0).integers(-60, 61, (200, 6)).astype(np.float32)


def decoder_with(activation: str) -> keras.Model:
    """A decoder with an activation between two dense layers, of fixed weights."""
    rng = np.random.default_rng(1)
    model = keras.Sequential(
        [
            keras.Input((6,)),
            layers.Dense(24, name="before"),
            layers.Activation(activation, name="between"),
            layers.Dense(16, name="after"),
            layers.Reshape((4, 4)),
        ]
    )
    model.set_weights(
        [
            rng.normal(0, 0.05, (6, 24)),
            rng.normal(0, 1, 24),
            rng.normal(0, 0.05, (24, 16)),
            np.full(16, 0.4),
        ]
    )
    return keras.Model(model.inputs[0], model.outputs[0])


def converted(decoder: keras.Model, noise: float) -> tuple[MixedModel, Float32]:
    """A decoder in int8, for pictures that differ from what it gives by noise, and its outputs."""
    expected = np.asarray(decoder(LATENTS)).clip(0, 1)

    def error_of(result: Float32) -> float:
        return (
            float(np.square(result.reshape(-1, 4, 4) - expected[: len(result)]).mean()) + noise**2
        )

    return int8_tflite(decoder, Half.DECODER, LATENTS, error_of), expected


def test_an_activation_of_several_operators_becomes_a_table() -> None:
    decoder = decoder_with("mish")
    mixed, _ = converted(decoder, noise=_NOISE)
    assert mixed.in_floats == ("between",)
    assert mixed.damages[0].layer == "between"
    assert mixed.error <= ALLOWED_ERROR * _NOISE**2 < mixed.error + mixed.damages[0].error
    result = 255 * FloatRunner(mixed.content)(LATENTS) - 128
    exact = (255 * float_predictor(decoder)(LATENTS.astype(np.float32)) - 128).clip(-128, 127)
    assert np.abs(result - exact.reshape(result.shape)).mean() < 1
    lowered(mixed.content, Half.DECODER, decoder, is_any_size=False)


def test_a_layer_that_no_table_holds_is_named_with_a_replacement() -> None:
    model = decoder_with("log_softmax")
    mixed, _ = converted(model, noise=_NOISE)
    with pytest.raises(ModelError, match=r"layer 'between' of the decoder .* use Softmax instead"):
        lowered(mixed.content, Half.DECODER, model, is_any_size=False)


@pytest.mark.parametrize(("activation", "noise"), [("mish", 3.0), ("relu", 0.05)])
def test_int8_is_kept_where_it_is_good_enough(activation: str, noise: float) -> None:
    mixed, _ = converted(decoder_with(activation), noise)
    assert mixed.in_floats == mixed.damages == ()


def test_a_sigmoid_ends_in_pixels_exactly() -> None:
    """Its own steps are 256ths, and those of pixels are 255ths."""
    decoder = decoder_with("relu")
    ended = keras.Model(
        decoder.inputs[0], layers.Activation("sigmoid")(20 * decoder.outputs[0] - 10)
    )
    mixed, expected = converted(ended, noise=0.05)
    run = FloatRunner(mixed.content)
    assert np.allclose(run.quantization[1], (1 / 255, -128))
    result = np.rint(255 * run(LATENTS)).reshape(expected.shape)
    assert (result[expected > 0.999] == 254).all()  # an int8 sigmoid is 255/256 at most
    assert (result[expected < 0.001] == 0).all()
