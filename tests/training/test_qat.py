"""Quantization-aware copies round as int8 does, and hand their weights on."""

from __future__ import annotations

from collections.abc import Iterator

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from aecodec.arrays import Pixels
from aecodec.training.networks.batchnorm_folding import NormalizedConv2D, normalized_copy
from aecodec.training.networks.quantization_aware import copy_weights, qat_copy, rounded_kernel
from aecodec.training.networks.tile import tile_pair
from aecodec.training.zoo import PAIRS


def weights_of(copy: keras.Model, model: keras.Model) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """The weights of a model, with those that its copy computed with."""
    for layer, copied in zip(copy.layers, model.layers, strict=True):
        for trained, weights in zip(layer.get_weights(), copied.get_weights(), strict=True):
            used = tf.cast(trained, layer.compute_dtype)
            used = tf.cast(rounded_kernel(used) if trained.ndim > 1 else used, tf.float32)
            yield weights, used.numpy()


@pytest.mark.parametrize("dtype", ["float32", "mixed_bfloat16"])
def test_a_copy_rounds_and_hands_its_weights_on(dtype: str) -> None:
    _, model = tile_pair((28, 28, 1), 12)
    copy = qat_copy(model, dtype)
    copy_weights(copy, model)
    for weights, used in weights_of(copy, model):
        assert weights.ndim < 2 or (weights == used).all()
    codes = np.random.default_rng(0).normal(0, 30, (50, 1, 1, 12)).round().astype(np.float32)
    exact, rounded = (half(codes).numpy() for half in (model, copy))
    assert 0 < np.abs(rounded - exact).mean() < 0.1 * np.abs(exact).mean()


def normalized(model: keras.Model) -> list[NormalizedConv2D]:
    return [layer for layer in model.layers if isinstance(layer, NormalizedConv2D)]


def test_a_normalized_copy_becomes_a_plain_model(photograph: Pixels) -> None:
    dtype = "mixed_bfloat16"
    x = (photograph[None, :64, :64] / 255).astype(np.float32)
    encoder, _ = PAIRS["photo"].build((64, 64, 3), 8)
    copy = PAIRS["photo"].qat_copy(encoder, x, dtype)
    before = copy(x).numpy()
    statistics = [layer.normalization.moving_mean.numpy() for layer in normalized(copy)]
    assert len(statistics) > 10
    copy(x / 2, training=True)
    for layer, mean in zip(normalized(copy), statistics, strict=True):
        assert (layer.normalization.moving_mean.numpy() != mean).any()
        scale, *others = layer.normalization.get_weights()
        layer.normalization.set_weights([-scale, *others])
    copy_weights(copy, encoder)
    plain = qat_copy(encoder, dtype)(x).numpy()
    assert np.abs(plain - copy(x)).max() < 0.1 * np.abs(plain - before).max()


@pytest.mark.parametrize("bias", [-50, 50])
def test_dead_units_start_anew(bias: int) -> None:
    x = np.random.default_rng(0).normal(size=(4, 8, 8, 2)).astype(np.float32)
    inputs = keras.Input((8, 8, 2))
    dead = layers.Conv2D(
        1, 3, activation="relu6", bias_initializer=keras.initializers.Constant(bias)
    )
    model = keras.Model(inputs, dead(inputs))
    assert np.ptp(model(x)) == 0
    assert np.ptp(normalized_copy(model, x)(x)) > 0.1
