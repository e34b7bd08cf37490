"""Keras models of any kind become functional ones that open from files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers

from aecodec import ModelError
from aecodec.keras_models.functional import as_functional, rescaled
from aecodec.keras_models.model_files import load_model


@keras.saving.register_keras_serializable(package="tests")
class Encoder(keras.Model):
    def __init__(self, **kwargs: object) -> None:
        super().__init__(**kwargs)
        self.flat, self.hidden, self.code = layers.Flatten(), layers.Dense(96), layers.Dense(16)

    def call(self, images: object) -> object:
        return self.code(keras.ops.relu(self.hidden(self.flat(images))))


def test_a_subclassed_model_becomes_its_layers() -> None:
    encoder = Encoder()
    encoder(np.zeros((1, 28, 28), np.float32))
    functional = as_functional(encoder)
    assert functional.input_shape == (None, 28, 28)
    assert not [layer for layer in functional.layers if isinstance(layer, Encoder)]
    batch = np.random.default_rng(0).random((3, 28, 28)).astype(np.float32)
    assert (functional(batch).numpy() == encoder(batch).numpy()).all()
    with pytest.raises(ModelError, match="call the model once"):
        as_functional(Encoder())


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
        loaded = load_model(tmp_path / name)
        assert (loaded(batch).numpy() == model(batch).numpy()).all()


def nested(x: object) -> object:
    inputs = keras.Input((8,))
    return keras.Model(inputs, keras.ops.relu(inputs))(x)


def test_a_weight_outside_of_layers_is_named() -> None:
    model = Encoder()
    model.gain = model.add_weight(shape=(16,), name="gain")
    images = keras.Input((28, 28))
    functional = keras.Model(images, model.code(model.flat(images)) * model.gain)
    with pytest.raises(ModelError, match="gain outside a layer"):
        as_functional(functional)


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
def test_a_decoder_in_steps_multiplies_by_the_steps(first: Callable[[object], object]) -> None:
    codes = keras.Input((5, 5, 4))
    decoder = as_functional(keras.Model(codes, first(codes)))
    steps = np.array([0.1, 1, 2, 30])
    images = keras.Input((5, 5, 3))
    encoder = keras.Model(images, layers.Conv2D(4, 1)(images))
    for _ in range(2):  # what has been rescaled can be again
        encoder, taking = rescaled(encoder, decoder, steps)
    batch = np.random.default_rng(0).normal(0, 3, (2, 5, 5, 4)).astype(np.float32)
    expected = decoder(batch * steps).numpy()
    assert taking(batch).numpy() == pytest.approx(expected, rel=1e-4, abs=1e-3)
