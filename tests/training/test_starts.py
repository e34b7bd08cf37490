"""A training starts with the networks of a codec, or those that were learned from photographs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from aecodec import ModelError
from aecodec.base.arrays import Pixels
from aecodec.codec.registry import load_codec
from aecodec.codec_files.file_names import Half
from aecodec.codec_files.folder import CodecFolder
from aecodec.keras_models.model_files import keras_half
from aecodec.training import Autoencoder
from aecodec.training.entropy_model import SpatialEntropyModel
from aecodec.training.recipe import NETWORKS, SHIPPED, load_recipe
from aecodec.training.starts import begin_with, start_from_codec, start_of


def new_pair(name: str, folder: CodecFolder, side: int) -> Autoencoder:
    shape = (side, side, folder.spec.channels)
    return Autoencoder(*NETWORKS[name].build(shape, folder.spec.latent_channels))


@pytest.mark.parametrize(
    ("codec", "networks", "side"), [("digits", "tile", 28), ("photo",) * 2 + (32,)]
)
def test_a_pair_computes_what_the_codec_computes(codec: str, networks: str, side: int) -> None:
    folder = load_codec(codec).folder
    pair, levels = new_pair(networks, folder, side), folder.spec.levels
    start_from_codec(pair, folder, len(levels))
    encoder, decoder = (keras_half(folder, half) for half in Half)
    images = np.random.default_rng(0).random((2, side, side, folder.spec.channels), np.float32)
    latents, stored = np.asarray(pair.encoder(images)), np.asarray(encoder(images))
    assert np.asarray(pair.decoder(latents)) == pytest.approx(np.asarray(decoder(stored)), abs=1e-3)
    all_gains = np.ones((len(levels), 1)) if pair.gains is None else pair.gains
    for level, gains in zip(levels, all_gains, strict=True):
        factors = level.factors / (1 << 15) if level.gains else 1
        assert latents * gains == pytest.approx(stored * factors, rel=1e-3, abs=1e-3)


def test_a_codec_with_other_networks_or_levels_is_refused() -> None:
    folder = load_codec("digits").folder
    with pytest.raises(ModelError, match="3 levels, but the recipe has 2"):
        start_from_codec(new_pair("tile", folder, 28), folder, levels=2)
    with pytest.raises(ModelError, match="the weights of the encoder do not fit"):
        start_from_codec(new_pair("tile", folder, 20), folder, levels=3)


WEIGHTS = load_recipe("picture").levels["rate_weights"]


def started(channels: int, code_dimension: int) -> Autoencoder:
    pair = Autoencoder(*NETWORKS["picture"].build((64, 64, channels), code_dimension))
    assert begin_with(SHIPPED, pair, WEIGHTS)
    return pair


def restored(pair: Autoencoder, pictures: np.ndarray) -> np.ndarray:
    gains = pair.gains[len(pair.gains) // 2]
    latents = np.rint(np.asarray(pair.encoder(pictures)) * gains) / gains
    return np.asarray(pair.decoder(latents))


@pytest.mark.parametrize(("channels", "code_dimension"), [(1, 256), (3, 384)])
def test_the_start_codes_photographs_with_a_trained_entropy_model(
    photograph: Pixels, channels: int, code_dimension: int
) -> None:
    pair = started(channels, code_dimension)
    pictures = photograph[None, :256, :320, :channels] / np.float32(255)
    error = restored(pair, pictures) - pictures
    assert -10 * np.log10(np.square(error).mean()) > 28
    latents = np.asarray(pair.encoder(pictures))
    random, trained = (SpatialEntropyModel(code_dimension, len(pair.gains)) for _ in range(2))
    trained.copy(pair.entropy_model)
    for level, gains in enumerate(pair.gains):
        codes, bits = np.rint(latents * gains), []
        for model in (random, trained):
            model.start_from(latents.std(axis=(0, 1, 2)))
            bits.append(float(model(codes, codes, gains[None], np.array([level]))[0]))
        assert bits[1] < 0.9 * bits[0]


def test_a_written_start_is_read_back_and_other_networks_do_not_get_it(
    photograph: Pixels, tmp_path: Path
) -> None:
    pair, pictures = started(1, 32), photograph[None, :64, :64, :1] / np.float32(255)
    file = tmp_path / "start.npz"
    file.write_bytes(start_of(pair, WEIGHTS, pictures).packed())
    copy = Autoencoder(*NETWORKS["picture"].build((64, 64, 1), 32))
    assert begin_with(file, copy, [0.04, 0.001])
    assert copy.gains is None
    assert begin_with(file, copy, WEIGHTS)
    latents = np.asarray(copy.encoder(pictures)) * copy.gains[-1]
    deviations = latents.std(axis=(0, 1, 2))
    assert deviations[0] > deviations[-1]
    assert restored(copy, pictures) == pytest.approx(restored(pair, pictures), abs=0.05)
    wide = Autoencoder(*NETWORKS["photo"].build((64, 64, 1), 32))
    assert not begin_with(file, wide, WEIGHTS)
