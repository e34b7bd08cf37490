"""Networks start as a transform codec, train by the roles of their layers, and round like int8."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from aecodec.keras_models.functional import inputs_of
from aecodec.keras_models.roles import Role, set_role
from aecodec.training.optimizers import optimizer_of
from aecodec.training.picture_networks import picture_pair, start_from_klt
from aecodec.training.quantization_aware import NormalizedConv2D, copy_weights, qat_copy
from aecodec.training.recipe import NETWORKS
from aecodec.training.tile_networks import tile_pair


def test_a_new_pair_is_a_transform_codec_whose_layers_tell_pictures_apart(
    tiles: np.ndarray,
) -> None:
    encoder, decoder = picture_pair((64, 64, 3), 256)
    start_from_klt(encoder, decoder, tiles, [0.0002, 0.0001])
    latents = np.rint(encoder(tiles))
    assert -10 * np.log10(np.square(decoder(latents) - tiles).mean()) > 35
    for model, inputs in ((encoder, tiles), (decoder, latents)):
        for layer in model.layers:
            if getattr(layer, "activation", None) is keras.activations.relu6:
                outputs = np.asarray(layer(inputs_of(layer, model, inputs)))
                assert outputs.std(axis=(0, 1, 2)).min() > 0.3, layer.name


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


@pytest.mark.parametrize("dtype", ["float32", "mixed_bfloat16"])
def test_a_copy_rounds(dtype: str) -> None:
    _, model = tile_pair((28, 28, 1), 12)
    copy = qat_copy(model, dtype)
    copy_weights(copy, model)
    codes = np.random.default_rng(0).normal(0, 30, (50, 1, 1, 12)).round().astype(np.float32)
    exact, rounded = (half(codes).numpy() for half in (model, copy))
    assert 0 < np.abs(rounded - exact).mean() < 0.1 * np.abs(exact).mean()


def test_a_normalized_copy_becomes_a_plain_model(tiles: np.ndarray) -> None:
    dtype, inputs = "mixed_bfloat16", tiles[:1]
    encoder, _ = NETWORKS["photo"].build((64, 64, 3), 8)
    copy = qat_copy(encoder, dtype, inputs)
    before = copy(inputs).numpy()
    normalized = [layer for layer in copy.layers if isinstance(layer, NormalizedConv2D)]
    statistics = [layer.normalization.moving_mean.numpy() for layer in normalized]
    assert len(statistics) > 10
    copy(inputs / 2, training=True)
    for layer, mean in zip(normalized, statistics, strict=True):
        assert (layer.normalization.moving_mean.numpy() != mean).any()
        scale, *others = layer.normalization.get_weights()
        layer.normalization.set_weights([-scale, *others])
    copy_weights(copy, encoder)
    plain = qat_copy(encoder, dtype)(inputs).numpy()
    assert np.abs(plain - copy(inputs)).max() < 0.1 * np.abs(plain - before).max()
