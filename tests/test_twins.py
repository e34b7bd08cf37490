"""What is trained in the place of a model: twins that round as int8 does."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from aecodec import ModelError
from aecodec.images import Pixels
from aecodec.training import (
    Autoencoder,
    load_model,
    precision,
)
from aecodec.training.int8_twin import (
    _rounded_kernel,
    copy_weights,
    int8_twin,
    is_on_int8_grid,
)
from aecodec.training.neighbour_rate import NeighbourRate
from aecodec.training.networks import tile_pair
from aecodec.training.normalization import NormalizedConv2D, normalized_twin
from aecodec.training.optimizer import optimizer_of
from aecodec.training.pairs import PAIRS
from aecodec.training.recipe import load_recipe

_RESOLUTION = 6 / 255
"""Of the activations of a twin."""


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


def normalized(model: keras.Model) -> list[NormalizedConv2D]:
    return [layer for layer in model.layers if isinstance(layer, NormalizedConv2D)]


@pytest.mark.parametrize("dtype", ["float32", "mixed_bfloat16"])
def test_a_normalized_twin_becomes_a_plain_model(photograph: Pixels, dtype: str) -> None:
    x = (photograph[None, :64, :64] / 255).astype(np.float32)
    encoder, _ = PAIRS["photo"].build((64, 64, 3), 8)
    twin = PAIRS["photo"].twin(encoder, x, dtype)
    before = twin(x).numpy()
    statistics = [layer.normalization.moving_mean.numpy() for layer in normalized(twin)]
    assert len(statistics) > 10
    twin(x / 2, training=True)
    for layer, mean in zip(normalized(twin), statistics, strict=True):
        assert (layer.normalization.moving_mean.numpy() != mean).any()
        scale, *others = layer.normalization.get_weights()
        layer.normalization.set_weights([-scale, *others])
    copy_weights(twin, encoder)
    plain = int8_twin(encoder, dtype)(x).numpy()
    assert np.abs(plain - twin(x)).max() < 0.1 * np.abs(plain - before).max()


def test_the_rate_of_pictures_in_bfloat16_is_nearly_that_in_float32() -> None:
    codes = np.random.default_rng(0).normal(0, 2, (3, 8, 8, 6)).round().astype(np.float32)
    policies = ("float32", "mixed_bfloat16")
    exact, rough = (NeighbourRate(6, 1, 16, dtype=policy) for policy in policies)
    rng = np.random.default_rng(1)
    exact.set_weights(
        [weights + rng.uniform(0, 0.5, weights.shape) for weights in exact.get_weights()]
    )
    rough.set_weights(exact.get_weights())
    given = codes, np.abs(codes) + 1, np.ones((3, 6), np.float32), np.zeros(3, np.int32)
    np.testing.assert_allclose(rough(*given), exact(*given), rtol=0.05)
    assert (rough(*given) != exact(*given)).numpy().any()


@pytest.mark.parametrize("shape", [(3, 3, 8, 40), (3, 3, 40, 8)])
def test_muons_steps_in_bfloat16_are_nearly_those_in_float32(shape: tuple[int, ...]) -> None:
    gradient = tf.constant(np.random.default_rng(0).normal(size=shape), tf.float32)
    exact, rough = (
        optimizer_of("muon", policy).zeropower_via_newtonschulz5(gradient, steps=3)
        for policy in ("float32", "mixed_bfloat16")
    )
    assert exact.shape == rough.shape == shape
    assert rough.dtype == tf.float32
    assert 0 < np.abs(rough - exact).max() < 0.1 * np.abs(exact).max()


@pytest.mark.parametrize("bias", [-50, 50])
def test_units_that_tell_nothing_begin_anew(bias: int) -> None:
    x = np.random.default_rng(0).normal(size=(4, 8, 8, 2)).astype(np.float32)
    inputs = keras.Input((8, 8, 2))
    dead = layers.Conv2D(
        1, 3, activation="relu6", bias_initializer=keras.initializers.Constant(bias)
    )
    model = keras.Model(inputs, dead(inputs))
    assert np.ptp(model(x)) == 0
    assert np.ptp(normalized_twin(model, x)(x)) > 0.1


@pytest.mark.parametrize("name", ["picture", "photo"])
def test_no_layer_dies_while_the_pace_is_highest(photograph: Pixels, name: str) -> None:
    """Units that are off for every picture learn nothing any more."""
    tiles = photograph[:384, :640].reshape(6, 64, 10, 64, 3).swapaxes(1, 2).reshape(-1, 64, 64, 3)
    recipe, x = load_recipe(name), (tiles / 255).astype(np.float32)
    weights, pair = recipe.levels["rate_weights"], PAIRS[recipe.networks]
    encoder, decoder = pair.build((64, 64, 3), 96)
    pair.start(encoder, decoder, x, [96], weights)
    codes = np.rint(encoder.predict(x, verbose=0))
    twin = Autoencoder(pair.twin(encoder, x, "float32"), pair.twin(decoder, codes, "float32"))
    how = {each: recipe.training[each] for each in ("optimizer", "learning_rate", "cost_power")}
    twin.train(x, 8, 16, rate_weight=weights, verbose=0, **how)
    codes = np.rint(twin.encoder.predict(x, verbose=0))
    for half, inputs in ((twin.encoder, x), (twin.decoder, codes)):
        hidden = [layer.output for layer in half.layers if isinstance(layer, layers.Conv2D)][:-2]
        for outputs in keras.Model(half.input, hidden).predict(inputs, verbose=0):
            assert (outputs.std(axis=(0, 1, 2)) > _RESOLUTION).mean() > 0.5


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
