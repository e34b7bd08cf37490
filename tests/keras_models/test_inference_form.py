"""Models as they work after training: flat, without noise, with the same outputs."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import layers

from aecodec.keras_models.inference_form import in_inference_form


def flat(model: keras.Model) -> keras.Model:
    tensor = keras.Input(model.input_shape[1:])
    return keras.Model(tensor, in_inference_form(model, tensor))


def outputs(model: keras.Model, shape: tuple[int, ...]) -> np.ndarray:
    inputs = np.random.default_rng(0).random((3, *shape)).astype(np.float32)
    return np.asarray(model(inputs, training=False))


def test_nested_models_become_one_graph() -> None:
    inner = keras.Sequential([keras.Input((8,)), layers.Dense(6), layers.Dense(5, name="same")])
    images = keras.Input((8,))
    hidden = keras.Model(images, inner(images), name="middle")(images)
    model = keras.Model(images, layers.Dense(4, name="same")(hidden))
    graph = flat(model)
    kinds = [type(layer).__name__ for layer in graph.layers]
    assert kinds == ["InputLayer", "Dense", "Dense", "Dense"]
    assert [layer.name for layer in graph.layers][2:] == ["same", "same_1"]
    assert (outputs(graph, (8,)) == outputs(model, (8,))).all()


def test_a_shared_layer_stays_one_layer() -> None:
    tensor = keras.Input((6, 6, 3))
    shared = layers.Conv2D(3, 3, padding="same")
    graph = flat(keras.Model(tensor, shared(shared(tensor))))
    assert len([layer for layer in graph.layers if isinstance(layer, layers.Conv2D)]) == 1


def test_noise_augmentation_and_training_do_not_leak() -> None:
    tensor = keras.Input((8, 8, 1))
    moved = layers.RandomTranslation(0.5, 0.5)(tensor)
    hidden = layers.Dropout(0.5)(layers.GaussianNoise(1.0)(moved), training=True)
    normalized = layers.BatchNormalization()(layers.Dense(2)(hidden), training=True)
    graph = flat(keras.Model(tensor, normalized))
    kinds = [type(layer).__name__ for layer in graph.layers]
    assert kinds == ["InputLayer", "Dense", "BatchNormalization"]
    assert not graph.layers[-1]._inbound_nodes[-1].arguments.kwargs.get("training")


@pytest.mark.parametrize("sides", [(6, 6), (None, None)])
def test_normalization_stays_the_same_function(sides: tuple[int | None, ...]) -> None:
    tensor = keras.Input((*sides, 8))
    hidden = layers.GroupNormalization(4)(layers.LayerNormalization(epsilon=1e-6)(tensor))
    model = keras.Model(tensor, layers.LayerNormalization(scale=False)(hidden))
    rng = np.random.default_rng(1)
    model.set_weights([rng.normal(size=weights.shape) for weights in model.get_weights()])
    images = 1e-3 * rng.normal(size=(3, 6, 6, 8)) ** 5
    np.testing.assert_allclose(flat(model)(images), model(images), rtol=1e-3, atol=1e-4)
