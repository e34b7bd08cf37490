"""Measures of pictures with bands, and the table of `aecodec evaluate` for them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from helpers.codecs.band_codecs import band_codec
from helpers.commands import Command
from PIL import Image

import aecodec
from aecodec import metrics
from aecodec.imaging.array_pictures import samples_picture
from aecodec.imaging.display import display

LIMITS = [(-1000, 5000), (0, 2000)]


@pytest.fixture
def scenes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> np.ndarray:
    """(2, 2, 24, 20) int16, bands first, with missing samples of -999; also in scenes.npz."""
    y, x = np.mgrid[:24, :20]
    plane = 500 + 30 * x - 7 * y + np.random.default_rng(0).integers(0, 40, (2, 24, 20))
    samples = np.stack([plane * 2, plane], axis=1).astype(np.int16)
    samples[1, :, 3:9, 4:7] = -999
    monkeypatch.chdir(tmp_path)
    np.savez("scenes.npz", scenes=samples, ids=np.arange(2))
    band_codec(tmp_path / "codec", LIMITS, phases=2)
    return samples


def test_evaluate_measures_bands(scenes: np.ndarray, command: Command) -> None:
    data = ("scenes.npz", "--array", "scenes", "--bands-first", "--nodata", "-999")
    result = command("evaluate", "codec", *data, "--json")
    assert (result.status, result.err) == (0, "")
    finest = json.loads(result.out.splitlines()[-1])
    codec = aecodec.load_codec(Path("codec"))
    files = [codec.compress(scene, band_axis=0, nodata=-999) for scene in scenes]
    restored = np.stack([codec.decompress_array(file) for file in files])
    assert finest["bytes"] == sum(map(len, files)) / 2
    assert finest["bits_per_sample"] == pytest.approx(8 * sum(map(len, files)) / scenes.size, 1e-5)
    known = scenes != -999
    errors = np.where(known, np.abs(restored * 1.0 - scenes), 0)
    mse = np.square(errors).sum() / known.sum()
    assert finest["mse"] == pytest.approx(mse, 1e-5)
    assert finest["psnr"] == pytest.approx(10 * np.log10(finest["peak"] ** 2 / mse), 1e-2)
    for band in range(2):
        expected = np.sqrt(np.square(errors[:, band]).sum() / known[:, band].sum())
        assert finest[f"rmse_{band + 1}"] == pytest.approx(expected, 1e-4)
        assert finest[f"max_error_{band + 1}"] == errors[:, band].max()


def test_the_table_has_a_part_for_each_band(scenes: np.ndarray, command: Command) -> None:
    Path("folder").mkdir()
    np.save("folder/a.npy", scenes[0].transpose(1, 2, 0))
    np.save("folder/b.npy", scenes[1, :, 9:].transpose(1, 2, 0))
    result = command("evaluate", "codec", "folder", "-q", 2, "-q", 1)
    assert (result.status, result.err) == (0, "")
    table, bands = result.out.split("\n\n")
    assert len(table.splitlines()) == len(bands.splitlines()) == 1 + 2
    assert bands.splitlines()[0].split() == ["codec", "level", "band", "1", "band", "2"]


def test_wrong_options_are_rejected(scenes: np.ndarray, command: Command) -> None:
    for line, message in (
        ("codec digits scenes.npz", "evaluate them separately"),
        ("codec scenes.npz --against avif", "codecs without bands"),
    ):
        result = command("evaluate", *line.split())
        assert (result.status, message in result.err) == (2, True)


def test_the_range_of_samples_is_that_of_known_ones() -> None:
    rng = np.random.default_rng(0)
    samples = rng.normal(100, 20, (1, 50, 60, 3)).astype(np.float32)
    missing = rng.random((1, 50, 60, 1)) < 0.2
    low, high = np.percentile(samples, (0.1, 99.9))
    assert metrics.range_of(samples) == pytest.approx(high - low, rel=1e-6)
    assert metrics.range_of(np.where(missing, 1e9, samples), missing) < 200
    assert metrics.range_of(samples, np.ones_like(missing)) == 1
    assert not metrics.band_errors(samples, samples + 1, np.ones_like(missing))[0].any()


def test_compare_draws_bands_and_errors(scenes: np.ndarray, command: Command) -> None:
    np.save("a.npy", np.concatenate([scenes[0], scenes[0, :1] // 2])[:2])
    options = ("--codec", "codec", "--bands-first")
    result = command("compare", "a.npy", *options, "-q", 1)
    assert (result.status, result.err) == (0, "")
    drawn = np.asarray(Image.open("a_compared.png").convert("RGB"))
    assert drawn.shape[1] == 4 * 12 + 3 * 200
    grey, coloured = drawn[28:268, 12:212].astype(int), drawn[28:268, 436:636].astype(int)
    assert (np.ptp(grey), np.ptp(grey, axis=-1).max()) == (255, 0)
    assert np.ptp(coloured, axis=-1).max() > 10


def test_bands_are_stretched_by_the_original() -> None:
    samples = np.arange(1000, 1404).reshape(1, 1, 101, 4)[..., [0, 1, 2, 2]] * [1, 10, 3, 9]
    mask = np.broadcast_to(np.arange(101)[:, None] == 5, samples.shape)
    original = samples_picture(np.ma.MaskedArray(samples.astype(np.int16), mask))
    shown = display(original, original, (2, 1, 0))
    assert shown.shape == (1, 1, 101, 3)
    assert (shown[0, 0, [0, 1, 5, 100]] == [[0], [0], [0], [255]]).all()
    assert np.ptp(shown.astype(int), axis=-1).max() <= 1
    brighter = samples_picture((samples + 90).astype(np.int16))
    assert (display(brighter, original, (2,))[0, 0, 6:].astype(int).sum(axis=-1)[0]) != 0
