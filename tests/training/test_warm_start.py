"""A training starts with the networks of a codec, and computes the same in units of its own."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aecodec import ModelError
from aecodec.codec.registry import load_codec
from aecodec.codec_files.file_names import Half
from aecodec.codec_files.folder import CodecFolder
from aecodec.keras_models.model_files import keras_half
from aecodec.training import Autoencoder
from aecodec.training.warm_start import fits, start_from_codec
from aecodec.training.zoo import PAIRS


def new_pair(name: str, folder: CodecFolder, side: int) -> Autoencoder:
    """An untrained pair of the networks of a shipped codec."""
    shape = (side, side, folder.spec.channels)
    return Autoencoder(*PAIRS[name].build(shape, folder.spec.latent_channels))


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
    with pytest.raises(ModelError, match="3 levels, but this training has 2"):
        start_from_codec(new_pair("tile", folder, 28), folder, levels=2)
    with pytest.raises(ModelError, match="encoder: the networks have other shapes"):
        start_from_codec(new_pair("tile", folder, 20), folder, levels=3)


@given(*[st.integers(1, 40)] * 4)
def test_kernels_of_any_shapes_fit_or_do_not(
    inputs: int, outputs: int, wide: int, many: int
) -> None:
    stored, model = (
        np.ones((1, 1, wide, many)),
        SimpleNamespace(weights=[np.ones((1, 1, inputs, outputs))]),
    )
    fewer = wide - inputs
    is_grey = fewer > 0 and fewer % 2 == 0 and 3 * fewer // 2 <= wide
    assert fits([model], [stored]) == ((not fewer or is_grey) and many in (outputs, 3 * outputs))
