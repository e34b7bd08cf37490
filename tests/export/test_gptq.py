"""GPTQ rounds kernels for the inputs that they see."""

from __future__ import annotations

import keras
import numpy as np
from helpers.networks.pairs import convolutional_pair
from keras import layers

from aecodec.arrays import Pixels
from aecodec.export.tflite.gptq import with_rounded_kernels
from aecodec.keras_models.int8_grid import int8_of
from aecodec.metrics import mse


def rounded_to_nearest(weights: np.ndarray) -> np.ndarray:
    return np.multiply(*int8_of(weights)) if weights.ndim > 1 else weights


def test_kernels_are_rounded_better_than_to_the_nearest(digits: Pixels) -> None:
    images = (digits[:100, ..., None] / 255).astype(np.float32)
    encoder, _ = convolutional_pair()
    rounded = with_rounded_kernels(encoder, images)
    nearest = keras.models.clone_model(encoder)
    nearest.set_weights([rounded_to_nearest(weights) for weights in encoder.get_weights()])
    for weights in rounded.get_weights():
        assert np.abs(rounded_to_nearest(weights) - weights).max() < 1e-6
    exact, ours, theirs = (model(images).numpy() for model in (encoder, rounded, nearest))
    assert mse(exact, ours) < 0.6 * mse(exact, theirs)


def test_layers_that_are_called_twice_stay_one_layer() -> None:
    inputs = keras.Input((9, 9, 4))
    twice = layers.Conv2D(4, 3, padding="same", use_bias=False)
    hidden = layers.Conv2D(5, 3, strides=2, padding="valid")(twice(twice(inputs)))
    model = keras.Model(inputs, layers.Dense(3, use_bias=False)(layers.Flatten()(hidden)))
    samples = np.random.default_rng(0).normal(0, 1, (50, 9, 9, 4)).astype(np.float32)
    rounded = with_rounded_kernels(model, samples)
    assert [weights.shape for weights in rounded.get_weights()] == [
        weights.shape for weights in model.get_weights()
    ]
    exact, ours = (value(samples).numpy() for value in (model, rounded))
    assert 0 < mse(exact, ours) < 1e-3 * np.var(exact)
