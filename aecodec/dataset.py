"""Pictures to measure on: a folder of images, or an array in an `.npz` or `.npy` file."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from aecodec import images
from aecodec.errors import AecodecWarning, ImageError
from aecodec.images import Picture, Pixels

ARRAY_FILES = (".npz", ".npy")


@dataclass(frozen=True)
class Sample:
    """A picture of a data set, and the bytes that it took there."""

    picture: Picture
    source_size: int


class Dataset(Protocol):
    """Pictures in a fixed order, read as they are asked for."""

    def __len__(self) -> int:
        """How many files or arrays there are; some may turn out unreadable."""

    def __iter__(self) -> Iterator[Sample]:
        """The readable ones; a warning names each that is not."""


def open_dataset(path: Path, array: str | None = None) -> Dataset:
    """A folder of images, at any depth, or an array of them.

    Args:
        path: a folder, one image, or an `.npz` or `.npy` file.
        array: which one of an `.npz` file; its `x_test`, or its only array of images, if None.

    Raises:
        ImageError: there is nothing to read.

    >>> from aecodec.samples import sample_paths
    >>> len(open_dataset(sample_paths()[0].parent))
    10
    """
    if path.suffix.lower() in ARRAY_FILES:
        return _Arrays(load_array(path, array))
    files = [path] if path.is_file() else images_in(path)
    if not files:
        raise ImageError(f"{path}: no images here; give a folder of them, or an .npz or .npy file")
    return _Files(files)


def images_in(folder: Path) -> list[Path]:
    """The files of a folder, at any depth, whose names are those of images, in order."""
    return sorted(filter(images.has_image_name, folder.rglob("*")))


def leave_out(path: Path, error: Exception) -> None:
    """Warn of a file that cannot be read."""
    message = f"{path}: left out, for it cannot be read ({error})"
    warnings.warn(message, AecodecWarning, stacklevel=3)


@dataclass(frozen=True)
class _Files:
    paths: list[Path]

    def __len__(self) -> int:
        return len(self.paths)

    def __iter__(self) -> Iterator[Sample]:
        for path in self.paths:
            try:
                yield Sample(images.read(path), path.stat().st_size)
            except (ImageError, OSError) as error:
                leave_out(path, error)


@dataclass(frozen=True)
class _Arrays:
    pixels: Pixels

    def __len__(self) -> int:
        return len(self.pixels)

    def __iter__(self) -> Iterator[Sample]:
        return (Sample(images.from_array(each), each.nbytes) for each in self.pixels)


def load_array(path: Path, key: str | None = None, default: str = "x_test") -> Pixels:
    """The images of an `.npz` or `.npy` file.

    Args:
        path: the file; `mnist.npz` as `keras.datasets` downloads it, or one like it.
        key: which array of an `.npz` file; the only one of images, or `default`, if None.
        default: what `mnist.npz` calls those that are wanted.

    Returns:
        (N, H, W) or (N, H, W, C) uint8.

    Raises:
        ImageError: there is no such file or array.
    """
    try:
        with path.open("rb") as file:
            loaded = np.load(file, allow_pickle=False)
            found = loaded if isinstance(loaded, np.ndarray) else _chosen(loaded, key, default)
    except Exception as error:  # whatever a damaged file leads zipfile and NumPy to
        name = "" if key is None else f" {key!r}"
        raise ImageError(f"{path}: no array{name} of images in this file ({error})") from error
    if not _holds_images(found):
        raise ImageError(
            f"{path}: {found.dtype} of shape {found.shape}, not uint8 (N, H, W) or (N, H, W, C)"
        )
    return found


def _chosen(arrays: Any, key: str | None, default: str) -> npt.NDArray[Any]:
    """One array of an archive."""
    if key is None:
        held = [name for name in arrays.files if _holds_images(arrays[name])]
        key = held[0] if len(held) == 1 else default
    found: npt.NDArray[Any] = arrays[key]
    return found


def _holds_images(array: npt.NDArray[Any]) -> bool:
    return array.dtype == np.uint8 and array.ndim in (3, 4)
