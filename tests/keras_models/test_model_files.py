"""HDF5 files hold exactly the weights of a model, and shipped ones open."""

from __future__ import annotations

from pathlib import Path

import pytest

from aecodec import ModelError
from aecodec.codec.registry import load_codec
from aecodec.codec_files.file_names import Half
from aecodec.keras_models.model_files import keras_half, load_model
from aecodec.training import Autoencoder
from aecodec.training.networks.tile import tile_pair


def test_hdf5_files_hold_exactly_the_weights(tmp_path: Path) -> None:
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


@pytest.mark.parametrize("name", ["digits", "photo"])
def test_the_float_networks_of_shipped_codecs_open(name: str) -> None:
    folder = load_codec(name).folder
    encoder, decoder = (keras_half(folder, half) for half in Half)
    assert encoder.output_shape == decoder.input_shape
