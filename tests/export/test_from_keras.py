"""Keras models that nobody tuned for aecodec become codecs, and lose little on the way."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import keras
import numpy as np
import pytest
from helpers.commands import Command
from helpers.pairs import Pair, convolutional_pair, dense_pair, train_pair
from keras import layers

from aecodec import Codec, DecoderCodec, EncoderCodec, ModelError, load_codec
from aecodec.arrays import Pixels
from aecodec.codec_files.file_names import Half
from aecodec.export.from_keras import codec_from_keras
from aecodec.export.tflm.run import run_in_micro
from aecodec.inference.keras import keras_decoder, keras_encoder
from aecodec.inference.litert import open_interpreter
from aecodec.keras_models.functional import as_functional
from aecodec.keras_models.model_files import keras_half
from aecodec.metrics import mse, psnr

FAST = {"priors": 4, "context_units": 0}


def dense() -> Pair:
    """Dense layers alone."""
    return dense_pair((28, 28), 20)


def transposed() -> Pair:
    """Strided and transposed convolutions."""
    encoder = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(8, 3, strides=2, padding="same", activation="relu"),
            layers.Conv2D(16, 3, strides=2, padding="same", activation="relu"),
            layers.Flatten(),
            layers.Dense(24),
        ]
    )
    decoder = keras.Sequential(
        [
            keras.Input((24,)),
            layers.Dense(7 * 7 * 16, "relu"),
            layers.Reshape((7, 7, 16)),
            layers.Conv2DTranspose(16, 3, strides=2, padding="same", activation="relu"),
            layers.Conv2DTranspose(1, 3, strides=2, padding="same"),
        ]
    )
    return encoder, decoder


class Encoder(keras.Model):
    def __init__(self) -> None:
        super().__init__()
        self.flat, self.hidden, self.code = layers.Flatten(), layers.Dense(96), layers.Dense(16)

    def call(self, images: object) -> object:
        return self.code(keras.ops.relu(self.hidden(self.flat(images))))


class Decoder(keras.Model):
    def __init__(self) -> None:
        super().__init__()
        self.hidden, self.pixels = layers.Dense(96, "relu"), layers.Dense(784)
        self.shaped = layers.Reshape((28, 28))

    def call(self, codes: object) -> object:
        return self.shaped(self.pixels(self.hidden(codes)))


def subclassed() -> Pair:
    """Models of classes of their own, with a bare operation."""
    encoder, decoder = Encoder(), Decoder()
    decoder(encoder(np.zeros((1, 28, 28), np.float32)))
    return encoder, decoder


def assert_loses_little(codec: Codec, pair: Pair, digits: Pixels) -> None:
    """Check the losses: 0.3 dB by rounding at the finest level, and 0.2 dB by int8, at most."""
    planes, finest = digits.reshape(-1, 28, 28, 1), len(codec.spec.levels)
    encoder, decoder = pair
    floats = decoder.predict(encoder.predict(digits / 255, verbose=0), verbose=0)
    unrounded = psnr(mse(planes, np.rint(255 * floats.reshape(planes.shape).clip(0, 1))))
    in_keras = (
        EncoderCodec(codec.folder, keras_encoder(keras_half(codec.folder, Half.ENCODER))),
        DecoderCodec(codec.folder, keras_decoder(keras_half(codec.folder, Half.DECODER))),
    )
    rounded, int8 = (
        psnr(mse(planes, half.reconstruct(other.codes(planes, finest), finest, (28, 28))))
        for other, half in (in_keras, (codec.encoder, codec.decoder))
    )
    assert unrounded - rounded < 0.3
    assert rounded - int8 < 0.2


def assert_runs_on_devices(codec: Codec) -> None:
    """Check that LiteRT and TensorFlow Lite Micro run both networks."""
    for half in Half:
        content = codec.folder.read(half.tflite)
        open_interpreter(content)
        if find_spec("tflite_micro"):
            assert run_in_micro(content).arena_bytes


@pytest.mark.parametrize(("make_pair", "axes"), [(transposed, (1,)), (subclassed, ())])
def test_any_pair_becomes_a_codec(
    make_pair: Callable[[], Pair],
    axes: tuple[int, ...],
    digits: Pixels,
    few_digits: Path,
    tmp_path: Path,
) -> None:
    images = digits.reshape(*digits.shape, *axes)
    pair = train_pair(make_pair(), images[::3] / np.float32(255))
    codec = codec_from_keras(*pair, few_digits, tmp_path / "mine", name="mine", **FAST)
    assert_loses_little(codec, pair, images[::48])
    assert_runs_on_devices(codec)


def test_a_pair_of_any_size_becomes_a_codec(
    convolutional: Pair, convolutional_codec: Codec, digits: Pixels
) -> None:
    assert_loses_little(convolutional_codec, convolutional, digits[::150, ..., None])
    assert_runs_on_devices(convolutional_codec)


@pytest.mark.parametrize(
    ("make_pair", "axes"),
    [
        (dense, ()),
        pytest.param(transposed, (1,), marks=pytest.mark.slow),
        pytest.param(subclassed, (), marks=pytest.mark.slow),
        pytest.param(convolutional_pair, (1,), marks=pytest.mark.slow),
    ],
)
def test_one_command_makes_a_codec_of_two_files(
    make_pair: Callable[[], Pair],
    axes: tuple[int, ...],
    digits: Pixels,
    few_digits: Path,
    command: Command,
) -> None:
    images = digits.reshape(*digits.shape, *axes)
    pair = train_pair(make_pair(), images[::3] / np.float32(255))
    for model, name in zip(pair, ("encoder.keras", "decoder.hdf5"), strict=True):
        as_functional(model).save(name)
    files = ("--encoder", "encoder.keras", "--decoder", "decoder.hdf5", "--calibrate", few_digits)
    done = command("export", *files, "--tile", "28", "--priors", "8", "-o", "mine")
    assert done.status == 0, done.err
    codec = load_codec(Path("mine"))
    assert codec.spec.name == "mine"
    assert_loses_little(codec, pair, images[::48])


def test_a_layer_that_does_not_convert_is_named(few_digits: Path, tmp_path: Path) -> None:
    encoder, decoder = dense_pair((28, 28), 20)
    images = keras.Input((28, 28))
    strange = keras.Model(images, layers.Dense(20)(keras.ops.erfinv(encoder(images))))
    with pytest.raises(ModelError, match="erfinv"):
        codec_from_keras(strange, decoder, few_digits, tmp_path / "x", name="x")


def test_models_that_do_not_take_pictures_are_refused(few_digits: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="not pictures"):
        codec_from_keras(*dense_pair((28,), 5), few_digits, tmp_path / "x", name="x")


def test_half_a_pair_is_refused(command: Command) -> None:
    done = command("export", "--encoder", "e.keras", "-o", ".")
    assert (done.status, "together" in done.err) == (2, True)
    done = command("export", "-o", ".")
    assert (done.status, "give a CODEC" in done.err) == (2, True)
