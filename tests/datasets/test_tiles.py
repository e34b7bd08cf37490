"""Tiles of any pictures depend only on seed and step, and a pass covers every picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from aecodec.base.arrays import Pixels
from aecodec.base.errors import AecodecWarning, ImageError
from aecodec.datasets.pictures import ArrayPictures, hold_out, load_images, open_pictures
from aecodec.datasets.tiles import Tiles, with_flat_areas


@pytest.fixture
def mixed_folder(digits: Pixels, photograph: Pixels, tmp_path: Path) -> Path:
    """Eight digits, two photographs, a damaged and a truncated image, and a text file."""
    for number in range(8):
        Image.fromarray(digits[number]).save(tmp_path / f"{number}.png")
    Image.fromarray(photograph).save(tmp_path / "photo.jpg")
    Image.fromarray(photograph[:5, :3]).save(tmp_path / "small.bmp")
    (tmp_path / "broken.png").write_bytes(b"not an image")
    whole = (tmp_path / "7.png").read_bytes()
    (tmp_path / "cut.png").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "notes.txt").write_text("no picture")
    return tmp_path


def test_a_folder_of_mixed_files_gives_tiles_and_leaves_out_damaged_ones(
    mixed_folder: Path,
) -> None:
    with pytest.warns(AecodecWarning, match=r"broken\.png: skipped"):
        pictures = open_pictures(mixed_folder)
    assert len(pictures.sizes) == 11
    tiles = Tiles(pictures, (32, 32), channels=3, flips=True, seed=1)
    with pytest.warns(AecodecWarning, match=r"cut\.png: skipped"):
        batches = [tiles.batch(step, 64) for step in range(5)]
    assert all(batch.shape == (64, 32, 32, 3) for batch in batches)
    for step, batch in enumerate(batches):
        assert (tiles.batch(step, 64) == batch).all()
    assert len(tiles) == 10 + (427 // 32) * (640 // 32)


def test_a_pass_sees_every_picture_once(digits: Pixels) -> None:
    pictures = ArrayPictures(digits[:200])
    trained, _ = hold_out(pictures, 0.1)
    tiles = Tiles(pictures, (28, 28), channels=1, only=trained)
    for number in range(2):
        seen = np.concatenate([tiles.batch(9 * number + step, 20) for step in range(9)])
        pixels = np.rint(seen * 255).astype(np.uint8)
        assert {tile.tobytes() for tile in pixels} == {digits[n].tobytes() for n in trained}
    assert (np.rint(tiles.whole(1000)[..., 0] * 255) == digits[trained]).all()


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_a_share_of_the_tiles_of_a_batch_is_smooth_and_samples_have_none(dtype: type) -> None:
    array = np.random.default_rng(0).integers(0, 256, (20, 32, 48, 3), np.uint8)
    pictures = ArrayPictures(array if dtype is np.uint8 else array / np.float32(255))
    natural, mixed = (Tiles(pictures, (32, 32), 3, smooth=share) for share in (0, 0.25))
    steps = [np.abs(np.diff(t.batch(0, 8), axis=2)).mean((1, 2, 3)) for t in (natural, mixed)]
    assert (steps[0] > 0.3).all()
    assert (steps[1][:2] < 0.08).all()
    assert (steps[1][2:] > 0.3).all()
    assert mixed.batch(0, 8).mean() == pytest.approx(natural.batch(0, 8).mean(), abs=0.02)
    assert (mixed.sample(8) == natural.sample(8)).all()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("data.npz", "no array"),
        ("nothing.npz", "no array"),
        ("floats.npz", r"floats in 0\.\.1"),
        ("two.npz", "no array named x_train or train .*a, names, b"),
        ("none.npy", "no empty axis"),
        ("empty", "has no images"),
        ("nowhere", "has no images"),
    ],
)
def test_paths_without_images_are_refused(tmp_path: Path, name: str, message: str) -> None:
    images = np.zeros((3, 8, 8), np.uint8)
    (tmp_path / "data.npz").write_bytes(b"PK\x03\x04 but no more")
    np.savez(tmp_path / "floats.npz", x=np.full((3, 28, 28), 1.5))
    np.savez(tmp_path / "two.npz", a=images, names=np.array(["a", None], object), b=images)
    np.save(tmp_path / "none.npy", np.zeros((0, 28, 28), np.uint8))
    (tmp_path / "empty").mkdir()
    with pytest.raises(ImageError, match=message):
        open_pictures(tmp_path / name)
    assert (load_images(tmp_path / "two.npz", "b") == images).all()


def test_channels_may_come_first(photograph: Pixels, tmp_path: Path) -> None:
    pictures = np.stack([photograph[:32, :40], photograph[50:82, :40]])
    for array in (pictures, pictures[..., :1]):
        np.save(tmp_path / "first.npy", np.moveaxis(array, 3, 1))
        with pytest.warns(AecodecWarning, match="channels first"):
            assert (open_pictures(tmp_path / "first.npy")[1] == array[1]).all()
    np.save(tmp_path / "four.npy", np.zeros((2, 4, 32, 40), np.uint8))
    with pytest.raises(ImageError, match=r"four\.npy: .*\(2, 4, 32, 40\)"):
        open_pictures(tmp_path / "four.npy")


def test_arrays_of_16_bits_and_floats_become_the_same_tiles(digits: Pixels, tmp_path: Path) -> None:
    for array in (digits[:9], 257 * digits[:9].astype(np.uint16), digits[:9] / 255.0):
        np.save(tmp_path / "digits.npy", array)
        tiles = Tiles(open_pictures(tmp_path / "digits.npy"), (28, 28), channels=1)
        assert np.allclose(tiles.whole(9)[..., 0] * 255, digits[:9], atol=1e-4)


def test_some_tiles_for_priors_have_a_single_colour() -> None:
    tiles = np.random.default_rng(0).random((33, 4, 4, 3), np.float32)
    flat = [bool((tile == tile[0, 0]).all()) for tile in with_flat_areas(tiles)]
    assert np.flatnonzero(flat).tolist() == [0, 16, 32]
