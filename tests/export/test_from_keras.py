"""Keras models that nobody tuned for aecodec become codecs, and lose little on the way."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

import keras
import numpy as np
import pytest
from helpers.commands import Command
from helpers.networks.pairs import Pair, dense_pair
from keras import layers

from aecodec import ModelError, load_codec
from aecodec.base.arrays import Pixels
from aecodec.export.from_keras import codec_from_keras
from aecodec.export.model_hints import UNIT, ModelHints
from aecodec.keras_models.model_files import register_custom_objects
from aecodec.prior_fitting.fitting import PriorOptions

FAST: Any = {"priors": PriorOptions(4, 0)}
TRANSPOSED = np.arange(784).reshape(28, 28).T.ravel()


def strange(images: Any) -> Any:
    halves = layers.Rescaling(0.5)(layers.Flatten()(images))
    return layers.Dense(20)(keras.ops.erfinv(halves))


def loop(images: Any) -> Any:
    return layers.LSTM(20, name="loop")(images)


def nearest(images: Any) -> Any:
    numbers = keras.ops.argmin(layers.Reshape((28, 28))(images), axis=-1)
    return layers.Dense(20)(keras.ops.cast(numbers, "float32"))


@pytest.mark.parametrize(
    ("encode", "message"),
    [
        (strange, r"layer 'erfinv(_\d+)?' needs tf\.Erfinv"),
        (loop, "a loop in layer 'loop'"),
        (nearest, r"layer 'arg_?min.*only as the last step"),
    ],
)
def test_a_layer_that_does_not_convert_is_named(
    encode: Callable[[Any], Any], message: str, few_digits: Path, tmp_path: Path
) -> None:
    images, decoder = keras.Input((28, 28)), dense_pair((28, 28), 20)[1]
    hints = ModelHints(pixel_ranges=(UNIT, UNIT))
    encoder, options = keras.Model(images, encode(images)), {"name": "x", "hints": hints, **FAST}
    with pytest.raises(ModelError, match=message):
        codec_from_keras((encoder, decoder), few_digits, tmp_path, **options)


@pytest.mark.parametrize(
    ("gain", "change", "message"),
    [
        (
            1,
            np.negative,
            r"at \d\.\d dB, but .*the mean picture alone reaches 1\d\.\d dB.*or not together",
        ),
        (1, lambda axes: axes[:, TRANSPOSED], "one of the models swaps height and width"),
        (
            3000,
            np.positive,
            r"int8 codec loses .*-?0\.\d+ dB in the encoder, and [1-9].*of the worse model",
        ),
    ],
)
def test_a_bad_pair_or_codec_is_rejected(
    gain: int, change: Any, message: str, digits: Pixels, few_digits: Path, tmp_path: Path
) -> None:
    """Principal components of digits, subtracted, transposed, or one too large for int8."""
    images = digits.reshape(len(digits), -1) / np.float32(255)
    axes = np.linalg.svd(images[:500], full_matrices=False)[2][:12]
    encoder = keras.Sequential([keras.Input((28, 28)), layers.Flatten(), layers.Dense(12)])
    decoder = keras.Sequential([keras.Input((12,)), layers.Dense(13), layers.Dense(784)])
    encoder.layers[1].set_weights([axes.T, np.zeros(12)])
    larger = np.concatenate([np.eye(12), gain * np.eye(12)[:, :1]], axis=1)
    decoder.layers[0].set_weights([larger, np.zeros(13)])
    rows = np.concatenate([change(axes), np.zeros((1, 784))])
    decoder.layers[1].set_weights([rows, np.zeros(784)])
    with pytest.raises(ModelError, match=message):
        codec_from_keras((encoder, decoder), few_digits, tmp_path / "x", name="x", **FAST)
    assert not (tmp_path / "x").exists()


def test_one_command_converts_models_of_ones_own(
    digits: Pixels, few_digits: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    Path("mine.py").write_text(MODULE)
    with mock.patch.dict(keras.saving.get_custom_objects()):
        register_custom_objects(["mine.py:Draw"])
        draw = keras.saving.get_custom_objects()["Draw"]
        pair = flat_pair_in_bytes(draw, digits)
    for model, name in zip(pair, ("encoder.keras", "decoder.hdf5"), strict=True):
        model.save(name)
    options = ("--calibrate", few_digits, "--priors", "4", "-o", "mine")
    start = ("import", "--encoder", "encoder.keras", "--decoder", "decoder.hdf5", *options)
    assert "--custom-objects module:Draw" in command(*start).err
    known = ("--custom-objects", "mine.py:Draw")
    assert "--image-shape 28x28" in command(*start, *known).err
    done = command(*start, *known, "--image-shape", "28x28")
    assert done.status == 0, done.err
    assert "the mean, mean, becomes the code" in done.err
    assert "dB  the float models" in done.out
    assert "fitting the priors ..." in done.err.splitlines()
    codec = load_codec(Path("mine"))
    assert codec.spec.name == "mine"
    loss = codec.folder.measured["finest_level"]
    assert loss["float_pair"] - loss["codec"] < 0.5


MODULE = """
import keras

@keras.saving.register_keras_serializable(package="mine")
class Draw(keras.layers.Layer):
    def call(self, inputs):
        mean, log_variance = inputs
        noise = keras.random.normal(keras.ops.shape(mean))
        return mean + keras.ops.exp(0.5 * log_variance) * noise
"""


def flat_pair_in_bytes(draw: type[layers.Layer], digits: Pixels) -> Pair:
    images = keras.Input((784,))
    hidden = layers.Dense(64, "relu")(layers.Rescaling(1 / 255)(images))
    mean = layers.Dense(12, name="mean")(hidden)
    log_variance = layers.Dense(12, name="log_var", kernel_initializer="zeros")(hidden)
    encoder = keras.Model(images, [mean, log_variance, draw()([mean, log_variance])])
    decoder = keras.Sequential(
        [keras.Input((12,)), layers.Dense(64, "relu"), layers.Dense(784, "sigmoid")]
    )
    decoder.add(layers.Rescaling(255.0))
    joint = keras.Model(images, decoder(mean))
    joint.compile(keras.optimizers.Adam(3e-3), "mse", jit_compile=False)
    flat = digits.reshape(len(digits), -1).astype(np.float32)
    joint.fit(flat, flat, batch_size=16, epochs=4, verbose=0)
    return encoder, decoder
