"""Training, exporting and compressing with a codec of one's own, from two Keras models."""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter
from keras import layers

import aecodec
from aecodec import ModelError, UsageError, context
from aecodec.competition import choose
from aecodec.export.codec_folder import fit_level
from aecodec.export.labels import description_of
from aecodec.fitting import fit_prior, pool_bank
from aecodec.images import Pixels
from aecodec.levels import Level
from aecodec.segments import settled
from aecodec.training import (
    Autoencoder,
    mnist_decoder,
    mnist_encoder,
)
from aecodec.training.context import _around, _trained, fit_context
from aecodec.training.networks import tile_pair
from aecodec.training.objective import GainedObjective, RateDistortionObjective
from aecodec.training.pairs import PAIRS
from aecodec.training.steps import channel_steps


def assert_becomes_a_codec(autoencoder: Autoencoder, x: np.ndarray, folder: Path) -> aecodec.Codec:
    """Every level gives back its codes, and pictures like those of the float pair."""
    fewer = {"priors": 8, "context_units": 16, "context_epochs": 4}
    codec = autoencoder.to_codec(folder, x[:300], "mine", **fewer)
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


@pytest.fixture(autouse=True)
def _same_start() -> None:
    """Whichever tests ran before."""
    keras.utils.set_random_seed(0)


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
    history = autoencoder.train(x[:900], epochs=8, batch_size=32, learning_rate=4e-3, verbose=0)
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
            epochs=6,
            rate_weight=weight,
            priors=2,
            learning_rate=5e-3,
            validation_data=x[:200],
            verbose=0,
        )
        assert {"bytes1", "psnr1", "val_bytes1", "val_psnr1"} <= set(history.history)
        codec = assert_becomes_a_codec(autoencoder, x, tmp_path / str(weight))
        sizes.append(codec.folder.measured["levels"][1]["payload_bytes"])
    assert sizes[1] < 0.7 * sizes[0]


def test_levels_with_channels_of_their_own_count_each_picture_by_a_power_of_its_cost() -> None:
    encoder, decoder = dense_pair((28, 28), 4)
    objective = RateDistortionObjective(encoder, decoder, [4], [0.04], [2.0], 1, cost_power=0.5)
    bits, errors = tf.constant([10.0, 20.0]), tf.constant([0.1, 0.2])
    loss = objective._loss([bits], [errors], pixels=100)
    costs = [(100 * 0.1 + 0.04 * 10) / 0.2, (100 * 0.2 + 0.04 * 20) / 0.2]
    assert float(loss) == pytest.approx(2 * (costs[0] ** 0.5 + costs[1] ** 0.5) / 2)


def test_levels_with_gains_count_each_picture_by_a_power_of_its_cost() -> None:
    encoder, decoder = PAIRS["picture"].build((64, 64, 3), 8)
    objective = GainedObjective(encoder, decoder, [0.04, 0.01], [1.0, 2.0], cost_power=0.5)
    bits, errors = tf.constant([10.0, 20.0]), tf.constant([0.1, 0.2])
    loss = objective._loss(bits, errors, tf.constant([0, 1]), pixels=100)
    costs = [(100 * 0.1 + 0.04 * 10) / 0.2, (100 * 0.2 + 0.01 * 20) / 0.1]
    assert float(loss) == pytest.approx((1 * costs[0] ** 0.5 + 2 * costs[1] ** 0.5) / 2)


def test_levels_with_channels_of_their_own(x: np.ndarray, tmp_path: Path) -> None:
    planes = x[:900, ..., None]
    autoencoder = Autoencoder(*tile_pair((28, 28, 1), 24), levels=(4, 8, 12))
    autoencoder.train(
        planes, epochs=6, rate_weight=(0.1, 0.05, 0.01), learning_rate=4e-3, verbose=0
    )
    codec = assert_becomes_a_codec(autoencoder, planes, tmp_path)
    assert [level.stop for level in codec.spec.levels] == [4, 12, 24]
    assert codec.spec.default_level == 2


def test_colour_pictures_and_grids_of_codes(photograph: Pixels, tmp_path: Path) -> None:
    tiles = photograph[:416, :640].reshape(13, 32, 20, 32, 3).swapaxes(1, 2).reshape(-1, 32, 32, 3)
    encoder = keras.Sequential([keras.Input((32, 32, 3)), layers.Conv2D(12, 8, strides=8)])
    decoder = keras.Sequential([keras.Input((4, 4, 12)), layers.Conv2DTranspose(3, 8, strides=8)])
    autoencoder = Autoencoder(encoder, decoder)
    autoencoder.train(tiles / 255, epochs=20, batch_size=16, learning_rate=5e-3, verbose=0)
    codec = assert_becomes_a_codec(autoencoder, tiles / 255, tmp_path)
    assert codec.spec.vectors == 16
    grey = np.asarray(codec.decompress(codec.compress(photograph[:50, :70, 0])))
    assert grey.shape == (50, 70)


def busy_and_even(pictures: int) -> np.ndarray:
    """Codes (pictures, 12, 12, 6) that are as large as those around, and as each other."""
    rng = np.random.default_rng(0)
    coarse = rng.uniform(0.1, 6, (pictures, 3, 3, 1)).repeat(4, axis=1).repeat(4, axis=2)
    return (rng.logistic(0, 0.5, (pictures, 12, 12, 6)) * coarse).round().astype(np.int16)


def test_the_context_of_pictures_is_what_was_trained() -> None:
    codes = busy_and_even(60)
    flat, grid = codes.reshape(-1, 6) + np.int16(3), codes.shape[:3]
    alone = fit_prior(flat, priors=1)
    network = _trained(alone, flat, units=32, epochs=30, seed=0, grid=grid)
    inputs = flat.astype(np.float32), choose(alone, flat), *_around(flat, grid, network)
    trained = float(tf.reduce_mean(network(inputs)))
    integers = pool_bank(replace(alone, context=network.quantized()), flat, grid)
    assert integers.bits(flat, grid).mean() == pytest.approx(trained, rel=0.03)
    fitted = fit_context(alone, flat, units=32, epochs=20, grid=grid)
    assert fitted.context
    assert fitted.context.around
    assert fitted.bits(flat, grid).mean() < 0.97 * alone.bits(flat).mean()


def test_what_grows_across_the_neighbours_is_expected_to_grow_within() -> None:
    rng = np.random.default_rng(0)
    down, right = rng.normal(0, 3, (2, 60, 1, 1))
    row, column = np.mgrid[-6:6, -6:6]
    noise = rng.normal(0, 0.3, (3, 60, 12, 12))
    ramps = [down * row + right * column, 2 * down + 0 * row, 2 * right + 0 * row]
    codes = np.stack(ramps + noise, axis=-1).round().astype(np.int16)
    flat, grid = codes.reshape(-1, 3), codes.shape[:3]
    prior = fit_context(fit_prior(flat, priors=1), flat, units=16, epochs=30, grid=grid)
    assert prior.context
    assert prior.context.around
    around = prior.context.around
    blind = replace(around, slope=np.zeros_like(around.slope))
    without = replace(prior, context=replace(prior.context, around=blind))
    assert prior.bits(flat, grid).mean() < 0.6 * without.bits(flat, grid).mean()


def test_priors_are_fitted_to_the_codes_that_encoders_make() -> None:
    integers, level = busy_and_even(60).astype(np.int8), Level(0, 6, gains=(-300,) * 6)
    simply = fit_prior(level.codes_in(integers), priors=1)
    prior = fit_level(level, integers, priors=1, units=0, epochs=1)
    first = fit_prior(level.codes_in(integers[::6]), priors=1)
    again = fit_prior(settled(first, level, integers), priors=1)
    assert (prior.bank == again.bank).all()
    bits = [each.bits(settled(each, level, integers)).sum() for each in (prior, simply)]
    assert bits[0] < bits[1]
    ungained = Level(0, 6)
    plain = fit_level(ungained, integers, priors=1, units=0, epochs=1)
    assert (plain.bank == fit_prior(ungained.codes_in(integers), priors=1).bank).all()


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


def test_training_by_the_clock(x: np.ndarray, tmp_path: Path) -> None:
    autoencoder = Autoencoder(*dense_pair((28, 28), 5))
    began = time.monotonic()
    history = autoencoder.train(x, minutes=0.05, learning_rate=3e-3, backup=tmp_path, verbose=0)
    assert 3 <= time.monotonic() - began < 20
    assert history.history["psnr"][-1] > history.history["psnr"][0]
    again = autoencoder.train(x, minutes=0.05, learning_rate=3e-3, backup=tmp_path, verbose=0)
    assert len(again.history["psnr"]) <= 1


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
