"""Ready-made networks start as a transform codec with lively networks beside it."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from helpers.real_data import load_photograph

from aecodec.keras_models.functional import inputs_of
from aecodec.training.networks.convolutional import picture_pair, start_from_klt


@pytest.fixture(scope="module")
def tiles() -> np.ndarray:
    """(24, 64, 64, 3) floats of a photograph."""
    photograph = load_photograph()[: 6 * 64, 64 : 5 * 64] / np.float32(255)
    return photograph.reshape(6, 64, 4, 64, 3).swapaxes(1, 2).reshape(-1, 64, 64, 3)


def test_all_layers_of_a_new_pair_tell_pictures_apart(tiles: np.ndarray) -> None:
    encoder, decoder = picture_pair((64, 64, 3), 96)
    start_from_klt(encoder, decoder, tiles, [96], [0.002, 0.001])
    latents = np.rint(encoder(tiles))
    for model, inputs in ((encoder, tiles), (decoder, latents)):
        for layer in model.layers:
            if (
                isinstance(layer, keras.layers.Conv2D)
                and layer.activation is keras.activations.relu6
            ):
                outputs = np.asarray(layer(inputs_of(layer, model, inputs)))
                assert outputs.std(axis=(0, 1, 2)).min() > 0.3, layer.name


def test_a_new_pair_is_a_transform_codec(tiles: np.ndarray) -> None:
    encoder, decoder = picture_pair((64, 64, 3), 256)
    start_from_klt(encoder, decoder, tiles, [256], [0.0002, 0.0001])
    decoded = np.asarray(decoder(np.rint(encoder(tiles))))
    assert -10 * np.log10(np.square(decoded - tiles).mean()) > 35
