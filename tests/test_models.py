"""Models that nobody tuned for become codecs, by one command, and lose little on the way."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import keras
import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter
from keras import layers

import aecodec
from aecodec import Codec, ModelError, UsageError, windows
from aecodec.cli.main import app
from aecodec.export.adopting import codec_of_pair
from aecodec.export.micro import run_in_micro
from aecodec.export.reach import reach_of
from aecodec.export.rounding import with_rounded_kernels
from aecodec.export.tflite import decoder_tflite
from aecodec.images import Pixels
from aecodec.metrics import mse, psnr
from aecodec.training import Autoencoder
from aecodec.training.layers import DepthToSpace
from aecodec.training.models import as_functional, rescaled
from aecodec.transforms import LiteRtTransform, keras_decoder, keras_encoder

Pair = tuple[keras.Model, keras.Model]


def dense() -> Pair:
    encoder = keras.Sequential(
        [
            keras.Input((28, 28)),
            layers.Flatten(),
            layers.Dense(128, "relu"),
            layers.Dense(20),
        ]
    )
    decoder = keras.Sequential(
        [
            keras.Input((20,)),
            layers.Dense(128, "relu"),
            layers.Dense(784, "sigmoid"),
            layers.Reshape((28, 28)),
        ]
    )
    return encoder, decoder


def transposed() -> Pair:
    encoder = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(16, 3, strides=2, padding="same", activation="relu"),
            layers.Conv2D(32, 3, strides=2, padding="same", activation="relu"),
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


@keras.saving.register_keras_serializable(package="tests")
class Encoder(keras.Model):
    def __init__(self, **kwargs: object) -> None:
        super().__init__(**kwargs)
        self.flat, self.hidden, self.code = layers.Flatten(), layers.Dense(96), layers.Dense(16)

    def call(self, images: object) -> object:
        return self.code(keras.ops.relu(self.hidden(self.flat(images))))


@keras.saving.register_keras_serializable(package="tests")
class Decoder(keras.Model):
    def __init__(self, **kwargs: object) -> None:
        super().__init__(**kwargs)
        self.hidden, self.pixels = layers.Dense(96, "relu"), layers.Dense(784)
        self.shaped = layers.Reshape((28, 28))

    def call(self, codes: object) -> object:
        return self.shaped(self.pixels(self.hidden(codes)))


def subclassed() -> Pair:
    encoder, decoder = Encoder(), Decoder()
    decoder(encoder(np.zeros((1, 28, 28), np.float32)))
    return encoder, decoder


def convolutional() -> Pair:
    images = keras.Input((None, None, 1))
    hidden = layers.Conv2D(24, 5, strides=2, padding="same", activation="relu")(images)
    latents = layers.Conv2D(8, 5, strides=2, padding="same")(hidden)
    codes = keras.Input((None, None, 8))
    hidden = layers.Conv2D(32, 3, padding="same", activation="relu")(codes)
    pixels = DepthToSpace(4)(layers.Conv2D(16, 3, padding="same")(hidden))
    return keras.Model(images, latents), keras.Model(codes, pixels)


@pytest.fixture(scope="module")
def data(digits: Pixels, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data") / "digits.npy"
    np.save(path, digits[:30])
    return path


@pytest.mark.parametrize("pair", [dense, transposed, subclassed, convolutional])
def test_any_pair_becomes_a_codec(
    pair: Callable[[], Pair], digits: Pixels, data: Path, tmp_path: Path
) -> None:
    autoencoder = Autoencoder(*pair())
    x = digits / 255.0 if len(autoencoder.image_shape) == 2 else digits[..., None] / 255.0
    autoencoder.train(x, epochs=5, batch_size=32, learning_rate=3e-3, verbose=0)
    for model, name in ((autoencoder.encoder, "e.keras"), (autoencoder.decoder, "d.hdf5")):
        model.save(tmp_path / name)
    made = f"--encoder {tmp_path}/e.keras --decoder {tmp_path}/d.hdf5 --calibrate {data}"
    options = f"{made} --tile 28 --priors 8 --quiet -o {tmp_path}/mine"
    app(["export", *options.split()], standalone_mode=False)
    codec = aecodec.load_codec(tmp_path / "mine")
    assert_loses_little(codec, autoencoder, digits[::48])
    for half in ("encoder", "decoder"):
        content = codec.folder.read(f"{half}.tflite")
        Interpreter(model_content=content).allocate_tensors()
        if find_spec("tflite_micro"):
            assert run_in_micro(content).arena_bytes


def assert_loses_little(codec: Codec, autoencoder: Autoencoder, digits: Pixels) -> None:
    """0.3 dB to the codes' rounding at the finest level, 0.2 dB to int8."""
    planes, finest = digits[..., None], len(codec.spec.levels)
    images = (digits / 255.0).reshape(-1, *(s or 28 for s in autoencoder.image_shape))
    latents = autoencoder.encoder.predict(images, verbose=0)
    floats = autoencoder.decoder.predict(latents, verbose=0).reshape(planes.shape)
    unrounded = psnr(mse(planes, np.rint(255 * floats.clip(0, 1))))
    in_keras = (
        aecodec.EncoderCodec(codec.folder, keras_encoder(keras_of(codec, "encoder"))),
        aecodec.DecoderCodec(codec.folder, keras_decoder(keras_of(codec, "decoder"))),
    )
    rounded, int8 = (
        psnr(mse(planes, decoder.planes(encoder.codes(planes, finest), finest, (28, 28))))
        for encoder, decoder in (in_keras, (codec.encoder, codec.decoder))
    )
    assert unrounded - rounded < 0.3
    assert rounded - int8 < 0.2


def keras_of(codec: Codec, half: str) -> keras.Model:
    return aecodec.training.load_model(codec.folder.path / f"{half}.hdf5")


@pytest.fixture(scope="module")
def any_size(digits: Pixels, data: Path, tmp_path_factory: pytest.TempPathFactory) -> Codec:
    """A codec of a fully convolutional pair."""
    autoencoder = Autoencoder(*convolutional())
    autoencoder.train(digits[..., None] / 255, epochs=3, learning_rate=3e-3, verbose=0)
    folder = tmp_path_factory.mktemp("any") / "codec"
    pair = autoencoder.encoder, autoencoder.decoder
    return codec_of_pair(*pair, data, folder, name="any", tile=28, priors=4, context_units=0)


@pytest.mark.parametrize("options", ["--quantize int8", "--quantize float16", "--format hdf5"])
def test_networks_of_any_size_are_exported(
    any_size: Codec, photograph: Pixels, tmp_path: Path, options: str
) -> None:
    export_on_photographs(any_size, photograph, tmp_path, options)
    report = json.loads((tmp_path / "report.json").read_text("utf-8"))
    assert [each["half"] for each in report] == ["encoder", "decoder"]
    assert all(each["psnr_lost"] < 0.5 for each in report)
    if "int8" in options and find_spec("tflite_micro"):
        assert all(each["arena_bytes"] > 64 * 32 for each in report)


def export_on_photographs(codec: Codec, photograph: Pixels, folder: Path, options: str) -> None:
    np.save(folder / "photographs.npy", photograph[None, :128, :320, 1])
    where = f"--calibrate {folder}/photographs.npy --report {folder}/report.json --quiet"
    made = f"export {codec.folder.path} -o {folder}/out --size 64x32 {where} {options}"
    app(made.split(), standalone_mode=False)


@pytest.mark.skipif(
    not (find_spec("tflite_micro") and shutil.which("cc")),
    reason="no C compiler, or no tflite-micro",
)
def test_networks_of_any_size_run_on_a_device(
    any_size: Codec, photograph: Pixels, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    export_on_photographs(any_size, photograph, tmp_path, "--format c --priors 2")
    verified = f"verify --device {tmp_path}/out --codec {any_size.folder.path}"
    app([*verified.split(), f"{tmp_path}/photographs.npy"], standalone_mode=False)
    assert "1 pictures" in capsys.readouterr().out


@pytest.mark.parametrize("size", ["0x4", "4", "64x33", "4x4x4"])
def test_a_size_that_is_none_is_refused(any_size: Codec, tmp_path: Path, size: str) -> None:
    with pytest.raises(UsageError, match="two sides"):
        app(
            ["export", str(any_size.folder.path), "-o", str(tmp_path), "--size", size],
            standalone_mode=False,
        )
    with pytest.raises(UsageError, match="has tiles"):
        app(["export", "digits", "-o", str(tmp_path), "--size", "28x28"], standalone_mode=False)


@pytest.mark.parametrize("size", [(1, 1), (17, 33), (3, 301), (301, 2), (140, 150)])
def test_any_size_goes(any_size: Codec, photograph: Pixels, size: tuple[int, int]) -> None:
    picture = photograph[: size[0], : size[1]]
    restored = np.asarray(any_size.decompress(any_size.compress(picture)))
    assert restored.shape == picture.shape
    stack = np.stack([picture] * 3)
    assert (any_size.decompress(any_size.compress(stack)) == restored).all()


def test_windows_give_what_the_whole_picture_gives(
    any_size: Codec, photograph: Pixels, monkeypatch: pytest.MonkeyPatch
) -> None:
    planes = photograph[None, :250, :350, 1:2]
    data, codes = any_size.compress(planes[0]), any_size.encoder.codes(planes)
    whole = np.asarray(any_size.decompress(data))
    for side in (1, 7, 1000):
        monkeypatch.setattr(windows, "WINDOW", side)
        assert (any_size.encoder.codes(planes) == codes).all()
        assert (np.asarray(any_size.decompress(data)) == whole).all()


def test_the_reach_is_what_the_layers_say() -> None:
    encoder, decoder = convolutional()
    codes = np.random.default_rng(0).normal(0, 9, (4, 7, 7, 8)).astype(np.float32)
    assert reach_of(encoder, decoder, (4, 4), codes) == 2
    pooled = layers.Add()(
        [encoder.output, layers.GlobalAveragePooling2D(keepdims=True)(encoder.output)]
    )
    with pytest.raises(ModelError, match="see the whole picture"):
        reach_of(keras.Model(encoder.input, pooled), decoder, (4, 4), codes)


def test_a_subclassed_model_becomes_its_layers() -> None:
    encoder, _ = subclassed()
    functional = as_functional(encoder)
    assert functional.input_shape == (None, 28, 28)
    assert not [layer for layer in functional.layers if isinstance(layer, Encoder)]
    batch = np.random.default_rng(0).random((3, 28, 28)).astype(np.float32)
    assert (functional.predict(batch, verbose=0) == encoder.predict(batch, verbose=0)).all()
    with pytest.raises(ModelError, match="call it once"):
        as_functional(Encoder())


def test_kernels_are_rounded_for_what_they_meet(digits: Pixels) -> None:
    images = (digits[:200, ..., None] / 255).astype(np.float32)
    encoder, _ = convolutional()
    rounded = with_rounded_kernels(encoder, images)
    nearest = keras.models.clone_model(encoder)
    nearest.set_weights([as_int8_rounds(weights) for weights in encoder.get_weights()])
    for weights in rounded.get_weights():
        assert np.abs(as_int8_rounds(weights) - weights).max() < 1e-6
    exact, ours, theirs = (
        model.predict(images, verbose=0) for model in (encoder, rounded, nearest)
    )
    assert mse(exact, ours) < 0.6 * mse(exact, theirs)


def as_int8_rounds(weights: np.ndarray) -> np.ndarray:
    if weights.ndim < 2:
        return weights
    step = np.abs(weights).max(axis=tuple(range(weights.ndim - 1))) / 127
    return np.rint(weights / step) * step


@pytest.mark.parametrize(
    "operate",
    [
        lambda x: 3 - 2.0 * keras.ops.relu(x),
        lambda x: keras.ops.concatenate([x, keras.ops.sigmoid(x)], axis=-1),
        lambda x: keras.ops.mean(keras.ops.reshape(x, (-1, 2, 4)), axis=1),
        lambda x: x * np.linspace(0, 1, 8, dtype=np.float32),
        lambda x: keras.ops.einsum("nk,nk->n", x, x),
        lambda x: x[:, 2:6] + x[..., 1][:, None],
        lambda x: layers.Dense(2)(nested(x)),
    ],
)
def test_bare_operations_become_layers(operate: Callable[[object], object], tmp_path: Path) -> None:
    inputs = keras.Input((8,))
    model = keras.Model(inputs, operate(inputs))
    batch = np.random.default_rng(0).normal(0, 1, (5, 8)).astype(np.float32)
    for name in ("model.hdf5", "model.keras"):
        as_functional(model).save(tmp_path / name)
        loaded = aecodec.training.load_model(tmp_path / name)
        assert (loaded.predict(batch, verbose=0) == model.predict(batch, verbose=0)).all()


def nested(x: object) -> object:
    inputs = keras.Input((8,))
    return keras.Model(inputs, keras.ops.relu(inputs))(x)


class Weighted(keras.Model):
    def __init__(self) -> None:
        super().__init__()
        self.gain = self.add_weight(shape=(8,), name="gain")

    def call(self, inputs: object) -> object:
        return inputs * self.gain


def test_a_weight_outside_of_layers_is_named() -> None:
    model = Weighted()
    model(np.zeros((1, 8), np.float32))
    with pytest.raises(ModelError, match="gain outside of any layer"):
        as_functional(model)


@pytest.mark.parametrize(
    "first",
    [
        layers.Dense(6),
        layers.Conv2D(6, 3, padding="same"),
        lambda codes: layers.Conv2D(6, 1)(codes) + layers.Dense(6, use_bias=False)(codes),
        layers.Conv2DTranspose(6, 2),
        lambda codes: layers.MultiHeadAttention(2, 3)(query=codes, value=codes),
    ],
)
def test_steps_are_taken_as_a_multiplication_would(
    first: Callable[[object], object],
) -> None:
    codes = keras.Input((5, 5, 4))
    decoder = as_functional(keras.Model(codes, first(codes)))
    steps = np.array([0.1, 1, 2, 30])
    images = keras.Input((5, 5, 3))
    encoder = keras.Model(images, layers.Conv2D(4, 1)(images))
    for _ in range(2):  # what has been rescaled can be again
        encoder, taking = rescaled(encoder, decoder, steps)
    batch = np.random.default_rng(0).normal(0, 3, (2, 5, 5, 4)).astype(np.float32)
    expected = decoder.predict(batch * steps, verbose=0)
    assert taking.predict(batch, verbose=0) == pytest.approx(expected, rel=1e-4, abs=1e-3)


def test_units_that_hardly_ever_speak() -> None:
    """XNNPACK refuses such a layer's scales; LiteRT's own kernels run it."""
    codes = keras.Input((4,))
    hidden = layers.Dense(6, "relu")
    decoder = keras.Model(codes, layers.Reshape((4, 4))(layers.Dense(16)(hidden(codes))))
    hidden.set_weights([np.eye(4, 6), np.full(6, 1e-4 - 10)])
    latents = np.random.default_rng(0).integers(0, 11, (300, 4)).astype(np.float32)
    model = decoder_tflite(decoder, latents)
    with pytest.raises(RuntimeError, match="XNNPACK"):
        Interpreter(model_content=model).allocate_tensors()
    expected = keras_decoder(decoder)(latents.astype(np.int8)).reshape(-1, 4, 4)
    found = LiteRtTransform(model)(latents.astype(np.int8))
    assert np.abs(found.astype(int) - expected).max() <= 1


def test_layers_called_twice_and_odd_ones_are_rounded_or_left() -> None:
    inputs = keras.Input((9, 9, 4))
    twice = layers.Conv2D(4, 3, padding="same", use_bias=False)
    hidden = layers.Conv2D(5, 3, strides=2, padding="valid")(twice(twice(inputs)))
    model = keras.Model(inputs, layers.Dense(3, use_bias=False)(layers.Flatten()(hidden)))
    samples = np.random.default_rng(0).normal(0, 1, (50, 9, 9, 4)).astype(np.float32)
    rounded = with_rounded_kernels(model, samples)
    assert [weights.shape for weights in rounded.get_weights()] == [
        weights.shape for weights in model.get_weights()
    ]
    exact, ours = (each.predict(samples, verbose=0) for each in (model, rounded))
    assert 0 < mse(exact, ours) < 1e-3 * np.var(exact)


def test_a_layer_that_does_not_convert_is_named(data: Path, tmp_path: Path) -> None:
    encoder, decoder = dense()
    images = keras.Input((28, 28))
    strange = keras.Model(images, layers.Dense(20)(keras.ops.erfinv(encoder(images))))
    with pytest.raises(ModelError, match="erfinv"):
        codec_of_pair(strange, decoder, data, tmp_path / "x", name="x")


def test_half_a_pair_is_refused(tmp_path: Path) -> None:
    with pytest.raises(aecodec.UsageError, match="together"):
        app(["export", "--encoder", "e.keras", "-o", str(tmp_path)], standalone_mode=False)
    with pytest.raises(aecodec.UsageError, match="give a CODEC"):
        app(["export", "-o", str(tmp_path)], standalone_mode=False)
