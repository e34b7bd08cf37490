"""A training starts with networks that were learned from photographs, in RGB or grey."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from aecodec.arrays import Pixels
from aecodec.training import Autoencoder
from aecodec.training.losses.spatial import SpatialEntropyModel
from aecodec.training.recipe import load_recipe
from aecodec.training.shipped_start import begin_with, start_for, start_of
from aecodec.training.zoo import PAIRS, SHIPPED


def started(channels: int, rate_weights: list[float], code_dimension: int = 256) -> Autoencoder:
    pair = Autoencoder(*PAIRS["picture"].build((64, 64, channels), code_dimension))
    begin_with(start_for(pair, SHIPPED), pair, rate_weights)
    return pair


def restored(pair: Autoencoder, pictures: np.ndarray) -> np.ndarray:
    """Pictures (N, h, w, C) in 0..1, coded at the middle level."""
    gains = pair.gains[len(pair.gains) // 2]
    latents = np.rint(np.asarray(pair.encoder(pictures)) * gains) / gains
    return np.asarray(pair.decoder(latents))


@pytest.mark.parametrize("channels", [1, 3])
def test_the_start_codes_photographs(photograph: Pixels, channels: int) -> None:
    pictures = photograph[None, :256, :320, :channels] / np.float32(255)
    pair = started(channels, load_recipe("picture").levels["rate_weights"])
    error = restored(pair, pictures) - pictures
    assert -10 * np.log10(np.square(error).mean()) > 28


@pytest.mark.parametrize(("channels", "code_dimension"), [(1, 256), (3, 384)])
def test_the_loss_begins_with_a_trained_entropy_model(
    photograph: Pixels, channels: int, code_dimension: int
) -> None:
    pair = started(channels, [0.03, 0.002, 0.0002], code_dimension)
    latents = np.asarray(pair.encoder(photograph[None, :256, :320, :channels] / np.float32(255)))
    random, trained = (SpatialEntropyModel(code_dimension, 3) for _ in range(2))
    trained.copy(pair.entropy_model)
    for level, gains in enumerate(pair.gains):
        codes, bits = np.rint(latents * gains), []
        for model in (random, trained):
            model.start_from(latents.std(axis=(0, 1, 2)))
            bits.append(float(model(codes, codes, gains[None], np.array([level]))[0]))
        assert bits[1] < 0.9 * bits[0]


def test_gains_are_interpolated_and_steps_grow_as_the_root_of_lambda_beyond() -> None:
    weights = load_recipe("picture").levels["rate_weights"]
    known = started(1, weights).gains
    assert started(1, weights[::-1]).gains == pytest.approx(known[::-1], rel=1e-5)
    beyond, between = started(1, [4 * weights[0], (weights[0] * weights[1]) ** 0.5]).gains
    assert beyond == pytest.approx(known[0] / 2, rel=1e-5)
    assert between == pytest.approx((known[0] * known[1]) ** 0.5, rel=1e-5)


def test_a_written_start_is_read_back_within_half_a_step_of_int8(
    photograph: Pixels, tmp_path: Path
) -> None:
    pair, pictures = started(1, [0.04, 0.001], 32), photograph[None, :64, :64, :1] / np.float32(255)
    start = start_of(pair, [0.04, 0.001], pictures)
    (tmp_path / "start.npz").write_bytes(start.packed())
    copy = Autoencoder(*PAIRS["picture"].build((64, 64, 1), 32))
    begin_with(start_for(copy, tmp_path / "start.npz"), copy, [0.04, 0.001])
    latents = np.asarray(copy.encoder(pictures)) * copy.gains[-1]
    deviations = latents.std(axis=(0, 1, 2))
    assert deviations[0] > deviations[-1]
    assert restored(copy, pictures) == pytest.approx(restored(pair, pictures), abs=0.05)


def test_other_networks_do_not_get_the_start() -> None:
    other = Autoencoder(*PAIRS["photo"].build((64, 64, 3), 256))
    assert start_for(other, SHIPPED) is None
