"""Training pictures are opened from files, folders and arrays, and what holds none is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from aecodec.datasets.folders_and_arrays import load_array
from aecodec.datasets.training_pictures import open_pictures
from aecodec.errors import ImageError


@pytest.fixture
def folder_without_images(tmp_path: Path) -> Path:
    (tmp_path / "data.npz").write_bytes(b"PK\x03\x04 but no more")
    np.savez(tmp_path / "floats.npz", x=np.zeros((3, 28, 28)))
    np.savez(tmp_path / "two.npz", a=np.zeros((3, 8, 8), np.uint8), b=np.zeros((3, 8, 8), np.uint8))
    np.save(tmp_path / "none.npy", np.zeros((0, 28, 28), np.uint8))
    (tmp_path / "empty").mkdir()
    return tmp_path


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("data.npz", "no array"),
        ("nothing.npz", "no array"),
        ("floats.npz", "no array"),
        ("two.npz", "x_train is not among its arrays: a, b"),
        ("none.npy", "without a 0"),
        ("empty", "has no images"),
        ("nowhere", "has no images"),
    ],
)
def test_paths_without_images_are_refused(
    folder_without_images: Path, name: str, message: str
) -> None:
    with pytest.raises(ImageError, match=message):
        open_pictures(folder_without_images / name)


def test_an_array_that_is_named_may_lie_beside_others(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    np.savez(path, x=np.zeros((2, 9, 9), np.uint8), names=np.array(["a", None], object))
    assert load_array(path, "x").shape == (2, 9, 9)
    with pytest.raises(ImageError, match="no array"):
        load_array(path, "y")
