"""Arithmetic, optimizers and learning rates of a training."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from aecodec.arrays import Pixels
from aecodec.keras_models.roles import Role, role_of, set_role
from aecodec.training import Autoencoder
from aecodec.training.losses.base import RateOptions
from aecodec.training.networks.precision import policy_of
from aecodec.training.optimizers import optimizer_of
from aecodec.training.recipe import load_recipe
from aecodec.training.zoo import PAIRS

_RESOLUTION = 6 / 255
"""Resolution of the activations of a quantization-aware copy."""


@pytest.mark.parametrize(
    ("flags", "policy"), [("fpu amx_bf16 sse", "mixed_bfloat16"), ("fpu avx512_bf16", "float32")]
)
def test_bfloat16_is_used_where_the_processor_multiplies_its_matrices(
    flags: str, policy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Path, "read_text", lambda *_: flags)
    assert policy_of("fastest") == policy


@pytest.mark.parametrize(
    ("name", "expected"), [("adam", [1.0, 0.1, 5.0]), ("muon", [0.2, 0.02, 0.2 * 12])]
)
def test_the_role_of_a_variable_multiplies_its_learning_rate(
    name: str, expected: list[float]
) -> None:
    """The first step of Adam, which Muon takes for vectors, has the size of the learning rate."""
    variables = [keras.Variable(np.zeros(4, np.float32)) for _ in expected]
    roles = None, Role.LINEAR_PIXELS, Role.CODE_STATISTICS
    for variable, role in zip(variables, roles, strict=True):
        set_role(variable, role)
    optimizer = optimizer_of(name, "float32")
    optimizer.learning_rate = 1e-2
    optimizer.apply([tf.ones(4) for _ in variables], variables)
    steps = [float(-variable.numpy()[0]) / 1e-2 for variable in variables]
    assert steps == pytest.approx(expected, rel=1e-3)


_ENDS = {Role.LATENTS, Role.LINEAR_PIXELS, Role.LEARNED_PIXELS}


@pytest.mark.slow
@pytest.mark.parametrize("name", ["picture", "photo"])
def test_no_layer_dies_while_the_learning_rate_is_highest(photograph: Pixels, name: str) -> None:
    """Units that are off for every picture do not learn any more."""
    tiles = photograph[:384, :640].reshape(6, 64, 10, 64, 3).swapaxes(1, 2).reshape(-1, 64, 64, 3)
    recipe, x = load_recipe(name), (tiles / 255).astype(np.float32)
    weights, pair = recipe.levels["rate_weights"], PAIRS[recipe.networks]
    encoder, decoder = pair.build((64, 64, 3), 96)
    pair.start(encoder, decoder, x, [96], weights)
    codes = np.rint(encoder(x).numpy())
    halves = pair.qat_copy(encoder, x, "float32"), pair.qat_copy(decoder, codes, "float32")
    copy = Autoencoder(*halves)
    how = {key: recipe.training[key] for key in ("optimizer", "learning_rate")}
    options = RateOptions(cost_power=recipe.training["cost_power"])
    copy.train(x, 8, 16, rate_weight=weights, verbose=0, rate_options=options, **how)
    codes = np.rint(copy.encoder(x).numpy())
    for half, inputs in ((copy.encoder, x), (copy.decoder, codes)):
        hidden = [
            layer.output
            for layer in half.layers
            if isinstance(layer, layers.Conv2D) and role_of(layer) not in _ENDS
        ]
        for outputs in map(np.asarray, keras.Model(half.input, hidden)(inputs)):
            assert (outputs.std(axis=(0, 1, 2)) > _RESOLUTION).mean() > 0.5
