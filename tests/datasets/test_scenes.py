"""Scenes with bands: detection, the fitted transfer, and the weights of their tiles."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from aecodec.base.errors import AecodecWarning, ImageError
from aecodec.datasets.scenes import BandTiles, ScenePictures, open_scenes
from aecodec.datasets.transfer_fitting import fit_to_scenes, fit_transfer
from aecodec.imaging.picture import Picture


@pytest.fixture
def samples() -> np.ndarray:
    """(5, 40, 48, 3) smooth uint16 samples with a long tail."""
    rng = np.random.default_rng(0)
    coarse = rng.gamma(2, 500, (5, 10, 12, 3)).repeat(4, axis=1).repeat(4, axis=2)
    return (coarse + rng.normal(0, 20, coarse.shape)).clip(0).astype(np.uint16)


@pytest.mark.parametrize("bands_first", [False, True])
def test_arrays_of_any_type_are_scenes(
    samples: np.ndarray, tmp_path: Path, bands_first: bool
) -> None:
    array = np.moveaxis(samples, -1, 1) if bands_first else samples
    np.savez(tmp_path / "data.npz", train=array, test=array[:2], train_id=np.arange(5))
    scenes = open_scenes(tmp_path / "data.npz")
    assert scenes
    assert len(scenes) == 5
    assert all((scene.pixels[0] == samples[n]).all() for n, scene in enumerate(scenes))
    np.save(tmp_path / "grey.npy", np.zeros((4, 8, 9), np.uint8))
    assert open_scenes(tmp_path / "grey.npy") is None
    np.savez(tmp_path / "two.npz", first=samples, second=samples)
    with pytest.raises(ImageError, match="its arrays: first, second"):
        open_scenes(tmp_path / "two.npz")


def test_a_folder_has_scenes_of_different_sizes(samples: np.ndarray, tmp_path: Path) -> None:
    for number in range(3):
        np.save(tmp_path / f"{number}.npy", samples[number, : 20 + number])
    (tmp_path / "damaged.npy").write_bytes(b"\x93NUMPY")
    with pytest.warns(AecodecWarning, match="damaged"):
        scenes = open_scenes(tmp_path)
    assert scenes
    assert [scene.pixels.shape[1] for scene in scenes] == [20, 21, 22]
    np.save(tmp_path / "other.npy", samples[0].astype(np.int16))
    (tmp_path / "damaged.npy").unlink()
    with pytest.raises(ImageError, match=r"not 3 with 3 uint16 bands and 1 with 3 int16 bands"):
        open_scenes(tmp_path)


def test_folders_of_tiff_and_deep_png_files_have_scenes(
    samples: np.ndarray, tmp_path: Path
) -> None:
    tifffile = pytest.importorskip("tifffile")
    for folder in ("deep", "bands", "images"):
        (tmp_path / folder).mkdir()
    Image.fromarray(samples[0, ..., 0]).save(tmp_path / "deep/a.png")
    Image.fromarray(samples[0].astype(np.uint8)).save(tmp_path / "bands/preview.png")
    nodata = [(42113, "s", 0, str(samples[0, 0, 0, 0]))]
    tifffile.imwrite(tmp_path / "bands/a.tif", samples[0], photometric="rgb", extratags=nodata)
    Image.fromarray(samples[0].astype(np.uint8)).convert("P").save(tmp_path / "images/a.tif")
    for folder, bands in (("deep", [1]), ("bands", [3])):
        scenes = open_scenes(tmp_path / folder)
        assert scenes
        assert [scene.pixels.shape[-1] for scene in scenes] == bands
        assert (scenes[0].missing is not None) == (folder == "bands")
    assert open_scenes(tmp_path / "images") is None
    Image.fromarray(samples[0].astype(np.uint8)).save(tmp_path / "images/a.tif")
    assert open_scenes(tmp_path / "images") is None


def test_the_transfer_of_8_bits_is_exact_and_tails_get_a_curve() -> None:
    rng = np.random.default_rng(0)
    bytes_ = fit_transfer([np.arange(256, dtype=np.uint8)])
    assert bytes_.phases == 4
    assert (bytes_.transfer.levels(np.dtype(np.uint8))[0, ::4] == np.arange(256)).all()
    tail = np.concatenate([rng.integers(0, 1000, 10_000), rng.integers(0, 60_000, 10)])
    fitted = fit_transfer([tail.astype(np.uint16)])
    steps = np.diff(fitted.transfer.tables[0].astype(int))
    assert steps[-1] > 10 * steps.min()
    assert fitted.transfer.limits[0, 0] == 0
    assert fitted.transfer.limits[0, 1] > tail.max()


def test_the_weights_turn_errors_of_values_into_errors_of_samples(samples: np.ndarray) -> None:
    fitted = fit_to_scenes([Picture(scene[None]) for scene in samples])
    values = fitted.transfer.to_values(samples)
    moved = np.minimum(values + 3, 255 * fitted.phases).astype(np.uint16)
    levels = fitted.transfer.levels(np.dtype(np.float32)).astype(float)
    restored = [
        np.stack([levels[band][v[..., band]] for band in range(3)], -1) for v in (values, moved)
    ]
    exact = ((restored[1] - restored[0]) / fitted.ranges) ** 2
    in_floats = ((moved.astype(float) - values) / (255 * fitted.phases)) ** 2
    weights = np.stack([fitted.weights[b][values[..., b]] for b in range(3)], -1)
    assert (weights * in_floats).mean() == pytest.approx(exact.mean(), rel=0.05)


def test_tiles_have_images_and_weights_that_are_0_for_missing_samples(samples: np.ndarray) -> None:
    missing = np.zeros((1, 40, 48, 1), bool)
    missing[:, :20] = True
    scenes = [Picture(samples[:1], missing=missing), Picture(samples[1:2])]
    fitted = fit_to_scenes(scenes)
    tiles = BandTiles(ScenePictures(scenes, fitted), fitted, (40, 48), seed=3)
    batch = tiles.batch(0, 2)
    assert (batch == tiles.batch(0, 2)).all()
    assert batch.shape[1:] == (40, 48, 6)
    images, weights = batch[..., :3], batch[..., 3:]
    assert images.min() >= 0
    assert images.max() <= 1
    upper = [(tile[:20] == 0).all() for tile in weights]
    assert sorted(upper) == [False, True]
    assert (weights[:, 20:] > 0).all()
    assert tiles.sample(2).shape == (2, *tiles.image_shape)
    assert (tiles.validation(2)[..., :3] == tiles.whole(2)).all()
