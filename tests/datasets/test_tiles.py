"""Tiles of any pictures depend only on seed and step, and a pass covers every picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from aecodec.arrays import Pixels
from aecodec.datasets.tiles import Tiles
from aecodec.datasets.training_pictures import ArrayPictures, hold_out, open_pictures
from aecodec.errors import AecodecWarning


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
    with pytest.warns(AecodecWarning, match=r"broken\.png: left out"):
        pictures = open_pictures(mixed_folder)
    assert len(pictures.sizes) == 11
    tiles = Tiles(pictures, (32, 32), channels=3, flips=True, seed=1)
    with pytest.warns(AecodecWarning, match=r"cut\.png: left out"):
        batches = [tiles.batch(step, 64) for step in range(5)]
    assert all(batch.shape == (64, 32, 32, 3) and batch.dtype == np.uint8 for batch in batches)
    for step, batch in enumerate(batches):
        assert (tiles.batch(step, 64) == batch).all()
    assert len(tiles) == 10 + (427 // 32) * (640 // 32)


def test_a_pass_sees_every_picture_once(digits: Pixels) -> None:
    pictures = ArrayPictures(digits[:200])
    trained, _ = hold_out(pictures, 0.1)
    tiles = Tiles(pictures, (28, 28), channels=1, only=trained)
    for number in range(2):
        seen = np.concatenate([tiles.batch(9 * number + step, 20) for step in range(9)])
        assert {tile.tobytes() for tile in seen} == {digits[n].tobytes() for n in trained}
    assert (np.rint(tiles.whole(1000)[..., 0] * 255) == digits[trained]).all()
