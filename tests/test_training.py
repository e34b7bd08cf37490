"""Training, exporting and compressing with a codec of one's own, from two Keras models."""

from __future__ import annotations

import subprocess
import sys
import time
import warnings
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter
from keras import layers
from PIL import Image

import aecodec
from aecodec import ModelError, UsageError, context
from aecodec.export.labels import description_of
from aecodec.fitting import fit_prior
from aecodec.images import Pixels
from aecodec.training import (
    Autoencoder,
    load_model,
    mnist_decoder,
    mnist_encoder,
    precision,
)
from aecodec.training.context import fit_context
from aecodec.training.data import ArrayPictures, Tiles, open_pictures, split_off
from aecodec.training.int8_twin import (
    _rounded_kernel,
    copy_weights,
    int8_twin,
    is_on_int8_grid,
)
from aecodec.training.networks import tile_pair
from aecodec.training.pairs import PAIRS
from aecodec.training.recipe import load_recipe
from aecodec.training.run import run_recipe
from aecodec.training.steps import channel_steps

_RESOLUTION = 6 / 255
"""Of the activations of a twin."""


def assert_becomes_a_codec(autoencoder: Autoencoder, x: np.ndarray, folder: Path) -> aecodec.Codec:
    """Every level gives back its codes, and pictures like those of the float pair."""
    codec = autoencoder.to_codec(folder, x, "mine", priors=8, context_units=16)
    pixels = np.rint(x * 255).astype(np.uint8).reshape(-1, *codec.spec.tile, codec.spec.channels)
    errors = []
    for level in range(1, len(codec.spec.levels) + 1):
        data = codec.compress(pixels[:50], level)
        codes = codec.encoder.codes(pixels[:50], level)
        assert (codec.decoder.codes(data) == codes).all()
        restored = codec.decoder.decompress(data).pixels
        errors.append(float(np.mean((restored / 255 - pixels[:50] / 255) ** 2)))
    assert errors == sorted(errors, reverse=True)
    floats = autoencoder.decoder.predict(autoencoder.encoder.predict(x[:50], verbose=0), verbose=0)
    exact = float(np.mean((np.clip(floats, 0, 1) - x[:50]) ** 2))
    if len(autoencoder.levels) == 1:
        assert errors[-1] < 1.2 * exact
    return codec


@pytest.fixture(scope="session")
def x(digits: Pixels) -> np.ndarray:
    """(1797, 28, 28) floats in 0..1."""
    return digits / 255.0


def dense_pair(image_shape: tuple[int, ...], code: int) -> tuple[keras.Model, keras.Model]:
    """The plainest pair that somebody would bring."""
    size = int(np.prod(image_shape))
    encoder = keras.Sequential(
        [keras.Input(image_shape), layers.Flatten(), layers.Dense(64, "relu"), layers.Dense(code)]
    )
    decoder = keras.Sequential(
        [
            keras.Input((code,)),
            layers.Dense(64, "relu"),
            layers.Dense(size),
            layers.Reshape(image_shape),
        ]
    )
    return encoder, decoder


def test_the_little_program(x: np.ndarray, tmp_path: Path) -> None:
    """Build the pair, train, save, load in a process without aecodec, predict; then a codec."""
    autoencoder = Autoencoder(mnist_encoder(x[0].shape, (50,)), mnist_decoder((50,), x[0].shape))
    history = autoencoder.train(x, epochs=8, batch_size=64, learning_rate=4e-3, verbose=0)
    assert history.history["psnr"][-1] > history.history["psnr"][0] + 2
    autoencoder.save_models("test", tmp_path)
    program = (
        "import sys, numpy as np, tensorflow as tf\n"
        "e, d = (tf.keras.models.load_model(f'{h}test.hdf5') for h in ('encoder', 'decoder'))\n"
        "code = e.predict(np.zeros((1, 28, 28)), verbose=0)\n"
        "print(code.shape, d.predict(code, verbose=0).shape, 'aecodec' in sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "(1, 50) (1, 28, 28) False"
    assert_becomes_a_codec(autoencoder, x, tmp_path / "codec")


def test_training_with_a_rate(x: np.ndarray, tmp_path: Path) -> None:
    sizes = []
    for weight in (0.01, 1.0):
        autoencoder = Autoencoder(*dense_pair((28, 28), 20))
        history = autoencoder.train(
            x,
            epochs=12,
            rate_weight=weight,
            priors=2,
            learning_rate=3e-3,
            validation_data=x[:200],
            verbose=0,
        )
        assert {"bytes1", "psnr1", "val_bytes1", "val_psnr1"} <= set(history.history)
        codec = assert_becomes_a_codec(autoencoder, x, tmp_path / str(weight))
        sizes.append(codec.folder.measured["levels"][1]["payload_bytes"])
    assert sizes[1] < 0.7 * sizes[0]


def test_levels_with_channels_of_their_own(x: np.ndarray, tmp_path: Path) -> None:
    planes = x[..., None]
    autoencoder = Autoencoder(*tile_pair((28, 28, 1), 24), levels=(4, 8, 12))
    autoencoder.train(
        planes, epochs=4, rate_weight=(0.1, 0.05, 0.01), learning_rate=4e-3, verbose=0
    )
    codec = assert_becomes_a_codec(autoencoder, planes, tmp_path)
    assert [level.stop for level in codec.spec.levels] == [4, 12, 24]
    assert codec.spec.default_level == 2


def test_colour_pictures_and_grids_of_codes(photograph: Pixels, tmp_path: Path) -> None:
    tiles = photograph[:416, :640].reshape(13, 32, 20, 32, 3).swapaxes(1, 2).reshape(-1, 32, 32, 3)
    encoder = keras.Sequential([keras.Input((32, 32, 3)), layers.Conv2D(12, 8, strides=8)])
    decoder = keras.Sequential([keras.Input((4, 4, 12)), layers.Conv2DTranspose(3, 8, strides=8)])
    autoencoder = Autoencoder(encoder, decoder)
    autoencoder.train(tiles / 255, epochs=40, batch_size=16, learning_rate=5e-3, verbose=0)
    codec = assert_becomes_a_codec(autoencoder, tiles / 255, tmp_path)
    assert codec.spec.vectors == 16
    grey = np.asarray(codec.decompress(codec.compress(photograph[:50, :70, 0])))
    assert grey.shape == (50, 70)


def int8_of(kernel: np.ndarray) -> np.ndarray:
    """As TFLite rounds it: 127 steps for each output channel; other weights as they are."""
    if kernel.ndim < 2:
        return kernel
    step = np.abs(kernel).max(axis=tuple(range(kernel.ndim - 1)), keepdims=True) / 127
    return np.rint(kernel / step)


@pytest.mark.parametrize(
    ("flags", "policy"), [("fpu amx_bf16 sse", "mixed_bfloat16"), ("fpu avx512_bf16", "float32")]
)
def test_the_fastest_arithmetic(monkeypatch: pytest.MonkeyPatch, flags: str, policy: str) -> None:
    monkeypatch.setattr(precision, "_processor_flags", flags.split)
    assert precision.policy_of("fastest") == policy
    assert precision.policy_of("float32") == "float32"


@pytest.mark.parametrize("dtype", ["float32", "mixed_bfloat16"])
def test_a_twin_rounds_and_hands_its_weights_on(dtype: str) -> None:
    _, model = tile_pair((28, 28, 1), 12)
    twin = int8_twin(model, dtype)
    copy_weights(twin, model)
    for layer, copied in zip(twin.layers, model.layers, strict=True):
        for trained, weights in zip(layer.get_weights(), copied.get_weights(), strict=True):
            used = tf.cast(trained, layer.compute_dtype)
            used = tf.cast(_rounded_kernel(used) if trained.ndim > 1 else trained, tf.float32)
            assert (int8_of(weights) != int8_of(used.numpy())).mean() < 0.03
            assert trained.ndim < 2 or is_on_int8_grid(weights)
    codes = np.random.default_rng(0).normal(0, 30, (50, 1, 1, 12)).round().astype(np.float32)
    exact, rounded = (half.predict(codes, verbose=0) for half in (model, twin))
    assert 0 < np.abs(rounded - exact).mean() < 0.1 * np.abs(exact).mean()


@pytest.mark.parametrize("name", ["picture", "photo"])
def test_no_layer_dies_while_the_pace_is_highest(photograph: Pixels, name: str) -> None:
    """Units that are off for every picture learn nothing any more."""
    tiles = photograph[:384, :640].reshape(6, 64, 10, 64, 3).swapaxes(1, 2).reshape(-1, 64, 64, 3)
    recipe, x = load_recipe(name), (tiles / 255).astype(np.float32)
    weights, pair = recipe.levels["rate_weights"], PAIRS[recipe.networks]
    twin = Autoencoder(*map(int8_twin, pair.build((64, 64, 3), 96)))
    pair.start(twin.encoder, twin.decoder, x, [96], weights)
    how = {each: recipe.training[each] for each in ("optimizer", "learning_rate")}
    twin.train(x, 15, 16, rate_weight=weights, verbose=0, **how)
    codes = np.rint(twin.encoder.predict(x, verbose=0))
    for half, inputs in ((twin.encoder, x), (twin.decoder, codes)):
        hidden = [layer.output for layer in half.layers if isinstance(layer, layers.Conv2D)][:-2]
        for outputs in keras.Model(half.input, hidden).predict(inputs, verbose=0):
            assert (outputs.std(axis=(0, 1, 2)) > _RESOLUTION).mean() > 0.5


def test_context_is_kept_where_it_pays() -> None:
    rng = np.random.default_rng(0)
    alike = rng.normal(0, 4, (4000, 1)) + rng.normal(0, 1, (4000, 6))
    unlike = rng.normal(0, 4, (4000, 6))
    first, again, other = (
        fit_context(fit_prior(codes, priors=2), codes, units=32, epochs=5)
        for codes in (each.round().astype(np.int16) for each in (alike, alike, unlike))
    )
    assert first.context
    assert again.context
    for name in context.DTYPES:
        assert (getattr(first.context, name) == getattr(again.context, name)).all()
    assert other.context is None


def test_the_hdf5_files_hold_the_very_weights(tmp_path: Path) -> None:
    autoencoder = Autoencoder(*tile_pair((28, 28, 1), 8))
    for path, model in zip(
        autoencoder.save_models("x", tmp_path),
        (autoencoder.encoder, autoencoder.decoder),
        strict=True,
    ):
        for loaded, weight in zip(load_model(path).get_weights(), model.get_weights(), strict=True):
            assert (loaded == weight).all()
    with pytest.raises(ModelError, match=r"nothing\.hdf5"):
        load_model(tmp_path / "nothing.hdf5")


def test_the_tflite_files_say_what_they_are(x: np.ndarray, tmp_path: Path) -> None:
    codec = Autoencoder(*dense_pair((28, 28), 5)).to_codec(tmp_path, x[:300], "mine", priors=2)
    ends = {"encode": ("image", "code"), "decode": ("code", "image")}
    for name, signature in (("encoder.tflite", "encode"), ("decoder.tflite", "decode")):
        content = codec.folder.read(name)
        assert description_of(content) == {"codec": "mine", "aecodec": aecodec.__version__}
        taken, given = ends[signature]
        runner = Interpreter(model_content=content).get_signature_runner(signature)
        zeros = np.zeros(runner.get_input_details()[taken]["shape"], np.int8)
        assert runner(**{taken: zeros})[given].dtype == np.int8


def test_shapes_that_do_not_fit_are_both_named() -> None:
    with pytest.raises(ModelError, match=r"\(28, 28\).*\(32, 32\)"):
        Autoencoder(mnist_encoder((32, 32), (5,)), mnist_decoder((5,), (28, 28)))
    with pytest.raises(ModelError, match=r"\(5,\).*\(6,\)"):
        Autoencoder(mnist_encoder((28, 28), (5,)), mnist_decoder((6,), (28, 28)))
    with pytest.raises(ModelError, match="share out 7 channels"):
        Autoencoder(mnist_encoder((28, 28), (5,)), mnist_decoder((5,), (28, 28)), levels=(3, 4))
    with pytest.raises(ModelError, match="multiples of 4"):
        mnist_encoder((27, 28), (5,))


def test_images_that_do_not_fit_are_refused(x: np.ndarray) -> None:
    autoencoder = Autoencoder(*dense_pair((28, 28), 5))
    with pytest.raises(ModelError, match="divide them by 255"):
        autoencoder.train(x * 255)
    with pytest.raises(ModelError, match="the encoder takes"):
        autoencoder.train(x[:, :20])
    with pytest.raises(ModelError, match="give each a rate weight"):
        Autoencoder(*dense_pair((28, 28), 5), levels=(2, 3)).train(x)
    with pytest.raises(ModelError, match="2 rate weights and 2 shares for 1 levels"):
        autoencoder.train(x, rate_weight=[1, 2])


TINY = """
name = "tiny"
networks = "tile"
[data]
tile = 28
held_out = 0.15
flips = false
[levels]
channels = [4, 6]
rate_weights = [0.1, 0.02]
shares = [1, 2]
context_units = [16, 16]
[training]
epochs = {epochs}
batch_size = 64
optimizer = "adam"
learning_rate = 4e-3
rate_priors = 2
dtype = "mixed_bfloat16"
seed = 0
[priors]
count = 4
context_epochs = 5
"""


def test_a_recipe_trains_and_an_interrupted_one_goes_on(
    digits: Pixels, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, folder = tmp_path / "data.npz", tmp_path / "codec"
    recipe = tmp_path / "recipe.toml"
    np.savez(data, pictures=digits[:600])
    recipe.write_text(TINY.format(epochs=2))
    with monkeypatch.context() as interrupted:
        interrupted.setattr(Autoencoder, "to_codec", interrupt)
        with pytest.raises(KeyboardInterrupt):
            run_recipe(load_recipe(recipe), data, folder, verbose=0)
        (backup,) = folder.iterdir()
        trained = weights_in(backup)
        with pytest.raises(UsageError, match="--resume"):
            run_recipe(load_recipe(recipe), data, folder, verbose=0)
        with pytest.raises(KeyboardInterrupt):
            run_recipe(load_recipe(recipe), data, folder, resume=True, verbose=0)
    assert weights_in(backup) == trained
    codec = run_recipe(load_recipe(recipe), data, folder, resume=True, verbose=0)
    assert codec.spec.name == "tiny"
    assert len(codec.folder.measured["levels"]) == 2
    assert not backup.exists()
    with pytest.raises(UsageError, match="no interrupted training"):
        run_recipe(load_recipe(recipe), data, folder, resume=True, verbose=0)


def weights_in(backup: Path) -> bytes:
    return (backup / "latest.weights.h5").read_bytes()


class CtrlC(keras.callbacks.Callback):
    """Interrupts in the middle of the second epoch."""

    def on_train_batch_end(self, batch: int, logs: object = None) -> None:
        if float(self.model.progress) > 0.6:
            raise KeyboardInterrupt


def test_ctrl_c_leaves_a_codec_and_what_it_takes_to_go_on(digits: Pixels, tmp_path: Path) -> None:
    data, folder = tmp_path / "data.npy", tmp_path / "codec"
    recipe = tmp_path / "recipe.toml"
    np.save(data, digits[:600])
    recipe.write_text(TINY.format(epochs=2))
    loaded = load_recipe(recipe)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        codec = run_recipe(loaded, data, folder, callbacks=[CtrlC()], verbose=0)
    assert any("interrupted" in str(warning.message) for warning in caught)
    assert codec.decompress(codec.compress(digits[0])).size == (28, 28)
    resumed = run_recipe(loaded, data, folder, resume=True, verbose=0)
    whole = run_recipe(loaded, data, tmp_path / "whole", verbose=0)
    ends = [each.folder.measured["levels"][1]["psnr"] for each in (resumed, whole)]
    assert ends[0] == pytest.approx(ends[1], abs=2)


def test_training_by_the_clock(x: np.ndarray, tmp_path: Path) -> None:
    autoencoder = Autoencoder(*dense_pair((28, 28), 5))
    began = time.monotonic()
    history = autoencoder.train(x, minutes=0.05, learning_rate=3e-3, backup=tmp_path, verbose=0)
    assert 3 <= time.monotonic() - began < 20
    assert history.history["psnr"][-1] > history.history["psnr"][0]
    again = autoencoder.train(x, minutes=0.05, learning_rate=3e-3, backup=tmp_path, verbose=0)
    assert len(again.history["psnr"]) <= 1


def interrupt(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("count = 4", ""), r"\[priors\] must have context_epochs, count"),
        (("[data]", "[dat]"), "not a recipe"),
        (('networks = "tile"', 'networks = "x"'), "no networks"),
        (('optimizer = "adam"', 'optimizer = "x"'), "no optimizer 'x': adam, muon"),
        (("shares = [1, 2]", "shares = [1]"), "as many of each"),
    ],
)
def test_recipes_that_lack_something(tmp_path: Path, change: tuple[str, str], message: str) -> None:
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(TINY.format(epochs=1).replace(*change))
    with pytest.raises(UsageError, match=message):
        load_recipe(recipe)


def test_an_optimizer_that_is_not_there(x: np.ndarray) -> None:
    with pytest.raises(UsageError, match="no optimizer 'x': adam, muon"):
        Autoencoder(*dense_pair((28, 28), 5)).train(x[:10], optimizer="x", verbose=0)


def test_fewer_images_than_a_batch_are_a_batch(x: np.ndarray) -> None:
    autoencoder = Autoencoder(*dense_pair((28, 28), 5))
    before = autoencoder.encoder.get_weights()
    autoencoder.train(x[:10], epochs=3, verbose=0)
    assert any(
        (b != a).any() for b, a in zip(before, autoencoder.encoder.get_weights(), strict=True)
    )


def test_recipes_and_data_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"ships \(digits, photo, picture\)"):
        load_recipe("nothing")
    (tmp_path / "bad.toml").write_text("name = ")
    with pytest.raises(UsageError, match="not a recipe"):
        load_recipe(tmp_path / "bad.toml")
    (tmp_path / "data.npz").write_bytes(b"PK\x03\x04 but no more")
    np.savez(tmp_path / "floats.npz", x=np.zeros((3, 28, 28)))
    (tmp_path / "empty").mkdir()
    for name, message in (
        ("data.npz", "no array"),
        ("nothing.npz", "no array"),
        ("floats.npz", "no array"),
        ("empty", "no images here"),
        ("nowhere", "no images here"),
    ):
        with pytest.raises(aecodec.ImageError, match=message):
            open_pictures(tmp_path / name)


def test_a_folder_of_all_sorts(digits: Pixels, photograph: Pixels, tmp_path: Path) -> None:
    for number in range(8):
        Image.fromarray(digits[number]).save(tmp_path / f"{number}.png")
    Image.fromarray(photograph).save(tmp_path / "photo.jpg")
    Image.fromarray(photograph[:5, :3]).save(tmp_path / "small.bmp")
    (tmp_path / "broken.png").write_bytes(b"not an image")
    whole = (tmp_path / "7.png").read_bytes()
    (tmp_path / "cut.png").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "notes.txt").write_text("no picture")
    with pytest.warns(aecodec.AecodecWarning, match=r"broken\.png: left out"):
        pictures = open_pictures(tmp_path)
    assert len(pictures.sizes) == 11
    tiles = Tiles(pictures, (32, 32), channels=3, flips=True, seed=1)
    with pytest.warns(aecodec.AecodecWarning, match=r"cut\.png: left out"):
        batches = [tiles.batch(step, 64) for step in range(5)]
    assert all(batch.shape == (64, 32, 32, 3) and batch.dtype == np.uint8 for batch in batches)
    for step, batch in enumerate(batches):
        assert (tiles.batch(step, 64) == batch).all()
    assert len(tiles) == 10 + (427 // 32) * (640 // 32)


def test_a_pass_sees_every_picture_once(digits: Pixels) -> None:
    pictures = ArrayPictures(digits[:200])
    trained, held_out = split_off(pictures, 0.1)
    assert len(trained) == 180
    assert not set(trained) & set(held_out)
    tiles = Tiles(pictures, (28, 28), channels=1, only=trained)
    for number in range(2):
        seen = np.concatenate([tiles.batch(9 * number + step, 20) for step in range(9)])
        assert {tile.tobytes() for tile in seen} == {digits[n].tobytes() for n in trained}
    assert (np.rint(tiles.whole(1000)[..., 0] * 255) == digits[trained]).all()


def test_steps_follow_the_decoder() -> None:
    """A channel that the decoder multiplies by ten is rounded ten times as finely."""
    gains = np.float32([1, 10, 100])
    codes = keras.Input((3,))
    spread = layers.Dense(30, use_bias=False, kernel_initializer="orthogonal")
    decoder = keras.Model(codes, spread(layers.Rescaling(gains.tolist())(codes)))
    latents = np.random.default_rng(0).normal(0, 1, (500, 3)).astype(np.float32) / gains
    images = decoder.predict(latents, verbose=0)
    images += np.random.default_rng(1).normal(0, 0.05, images.shape).astype(np.float32)
    steps = channel_steps(decoder, images, latents)
    assert steps * gains == pytest.approx(np.full(3, steps[0]), rel=0.01)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ((), [28, 44, 76]),
        (("with_levels", 3), [28, 44, 76]),
        (("with_levels", 1), [28]),
        (("with_levels", 5), [28, 35, 44, 58, 76]),
        (("with_code_dimension", 152), [56, 88, 152]),
    ],
)
def test_recipes_are_adjusted(options: tuple[str, int] | tuple[()], expected: list[int]) -> None:
    recipe = load_recipe("digits")
    if options:
        recipe = getattr(recipe, options[0])(options[1])
    assert recipe.levels["channels"] == expected
