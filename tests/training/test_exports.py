"""Exports: networks for bands in int8 form, a codec trained on scenes, and centred networks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import aecodec
from aecodec.base.arrays import Pixels
from aecodec.base.errors import ModelError
from aecodec.datasets.scenes import open_scenes
from aecodec.datasets.tiles import as_uint8
from aecodec.export.held_out import check_shift
from aecodec.export.step_allocation import split_steps
from aecodec.imaging.transfer import to_phases
from aecodec.keras_models.roles import Role, layer_with
from aecodec.training import Autoencoder, PriorOptions
from aecodec.training.band_networks import band_pair, int8_form, start_from_block_klt
from aecodec.training.exports import centre, with_extremes
from aecodec.training.picture_networks import picture_pair, start_from_klt
from aecodec.training.recipe import load_recipe, recipe_for_bands
from aecodec.training.run import run_recipe


def test_the_int8_form_computes_the_same_with_phases_and_copies() -> None:
    rng = np.random.default_rng(0)
    coarse = rng.random((6, 4, 4, 2)).repeat(8, axis=1).repeat(8, axis=2)
    values = np.rint((0.1 + 0.4 * coarse + rng.normal(0, 0.02, coarse.shape)).clip(0, 1) * 1020)
    images = (values / 1020).astype(np.float32)
    encoder, decoder = band_pair((32, 32, 2), 40)
    start_from_block_klt(encoder, decoder, images, [1e-5])
    latents = np.asarray(encoder(images))
    gains = np.repeat(np.array([[0.3], [2.0]], np.float32), 40, axis=1)
    vectors = with_extremes(latents, encoder, (32, 32, 2))
    steps, copies, levels = split_steps(vectors, gains)
    assert copies.is_copy.any()
    assert not copies.is_copy.all()
    phases = (to_phases(values.astype(np.uint16), 4) / 255).astype(np.float32)
    int8_encoder, int8_decoder = int8_form(encoder, decoder, steps, copies, 4, images)
    split = np.asarray(int8_encoder(phases))
    low, high = copies.windows()
    inside = np.clip(split, low, high)
    sums = np.stack([inside[..., copies.sources == k].sum(-1) for k in range(40)], -1)
    errors = sums + copies.constants - latents / steps  # of dithered kernels
    assert np.sqrt(np.square(errors).mean(axis=(0, 1, 2))).max() < 0.2
    expected = np.asarray(decoder(latents))
    for level in levels:
        codes = level.requantize(np.clip(np.rint(split), -128, 127).astype(np.int8))
        summed = np.stack(
            [np.clip(codes, low, high)[..., copies.sources == k].sum(-1) for k in range(40)], -1
        )
        expected = np.asarray(decoder((summed + copies.constants) * steps))
        decoded = np.asarray(int8_decoder(codes.astype(np.float32)))
        mean = decoded.reshape(*expected.shape, 4).mean(axis=-1)
        assert np.abs(mean - expected).max() < 2 / 1020
    white = np.clip(np.rint(int8_encoder(np.ones((1, 32, 32, 8), np.float32))), -128, 127)
    assert np.asarray(int8_decoder(white)).mean() == pytest.approx(1, abs=0.01)


def test_a_codec_for_bands_restores_arrays(tmp_path: Path) -> None:
    tifffile = pytest.importorskip("tifffile")
    rng = np.random.default_rng(0)
    for number in range(8):
        side = 6 + number % 2
        coarse = rng.gamma(2, 500, (2, side, side)).repeat(8, axis=1).repeat(8, axis=2)
        scene = (coarse + rng.normal(0, 20, coarse.shape)).astype(np.int16)
        channels = {"axes": "CYX", "Channel": {"Name": ["red", "near infrared"]}}
        tifffile.imwrite(tmp_path / f"{number}.ome.tif", scene, metadata=channels)
    recipe, weights = recipe_for_bands(load_recipe("picture"), 2), {"rate_weights": [2e-3, 1e-5]}
    recipe = replace(
        recipe,
        data=recipe.data | {"tile": 32},
        levels=weights | {"channels": [32], "loss_weights": [1, 1], "context_units": [16, 16]},
        training=recipe.training | {"epochs": 1, "batch_size": 4},
        priors=recipe.priors | {"context_epochs": 1},
    )
    trained = run_recipe(recipe, open_scenes(tmp_path), tmp_path / "codec")
    assert trained.spec.bands.phases == 4
    assert trained.spec.bands.names == ("red", "near infrared")
    assert len(trained.folder.measured["levels"][1]["psnr_of_bands"]) == 2
    array = tifffile.imread(tmp_path / "0.ome.tif")
    data = aecodec.compress(array, codec=trained, level=2, band_axis=0)
    decoded = aecodec.decompress_array(data, codec=trained)
    assert decoded.shape == array.shape
    assert decoded.dtype == array.dtype
    assert np.square(decoded.astype(float) - array).mean() < 0.1 * array.var()


def test_channels_that_a_context_network_cannot_take_are_left_out() -> None:
    deviations = np.linspace(420, 1, 500)
    latents = np.random.default_rng(0).normal(0, deviations, (200, 1, 1, 500)).astype(np.float32)
    latents[..., 499] = 300  # a bias
    steps, copies, levels = split_steps(latents, np.ones((1, 500), np.float32))
    assert copies.constants[499] * steps[499] == pytest.approx(300, abs=1)
    assert 500 < len(copies.sources) == levels[0].code_dimension <= 512
    measured, is_kept = latents.std(axis=(0, 1, 2)), np.isin(np.arange(500), copies.sources)
    assert measured[is_kept].min() > measured[~is_kept].max()


def test_copies_saturate_at_coarse_levels() -> None:
    latents = np.linspace(-500, 500, 1000, dtype=np.float32)[:, None]
    gains = np.float32([[1 / 18], [1.0]])
    _, copies, levels = split_steps(latents, gains)
    ends = np.repeat(np.array([[-128], [127]], np.int8), len(copies.sources), axis=1)
    low, high = copies.windows()
    for level, step in zip(levels, [18, 1], strict=True):
        assert (1 << 15) / level.factors == pytest.approx(step, rel=0.06)
        assert (np.clip(level.requantize(ends), low, high) == [low, high]).all()


def test_each_channel_gets_the_mean_of_the_originals(photograph: Pixels, tmp_path: Path) -> None:
    pictures = [photograph[None, top : top + 130, :200] / np.float32(255) for top in (0, 130, 260)]
    pair = Autoencoder(*picture_pair((128, 192, 3), 64))
    whole = np.concatenate([picture[:, :128, :192] for picture in pictures])
    start_from_klt(*pair.models, whole, [0.01])
    pair.gains = np.array([[0.5], [2]], np.float32)
    linear = layer_with(pair.decoder, Role.LINEAR_PIXELS)
    kernel, bias = linear.get_weights()
    shift = np.array([0.02, -0.01, 0.005], np.float32)
    linear.set_weights([kernel, bias + np.tile(shift, len(bias) // 3)])
    centre(pair, whole, 2, pictures)
    codec = pair.to_codec(tmp_path, whole, "centred", pictures, 2, PriorOptions(1, 0))
    decoded = [codec.decompress(codec.compress(as_uint8(p)[0], level=1)) for p in pictures]
    errors = [np.asarray(d) - p[0] * 255 for d, p in zip(decoded, pictures, strict=True)]
    assert np.mean(errors, axis=(0, 1, 2)) == pytest.approx(np.zeros(3), abs=0.4)
    assert all(abs(level["mean_error"]) < 0.2 for level in codec.folder.measured["levels"])


def test_a_shift_beyond_chance_is_refused() -> None:
    check_shift(3, np.array([0.3, -0.1]), 0.1)
    check_shift(3, np.array([5.0]), 5.0)  # a single picture may do it by chance
    check_shift(3, np.array([0.9, -0.4, 0.1, 1.2]), 0.45)
    with pytest.raises(ModelError, match=r"level 3 changes .* by \+0\.45 grey levels"):
        check_shift(3, np.array([0.43, 0.46, 0.44, 0.47]), 0.45)
