"""Search for image files in folders, and arrays of images in `.npz` and `.npy` files."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from aecodec.arrays import Pixels
from aecodec.errors import ImageError, warn
from aecodec.image_files.formats import has_image_name
from aecodec.imaging.missing import without_equal_planes
from aecodec.imaging.picture import Picture, check_frames

Array = npt.NDArray[Any]

ARRAY_SUFFIXES = (".npz", ".npy")

_TRAINING_ARRAYS = ("x_train", "train")


def images_in(folder: Path, suffixes: Collection[str] = ()) -> list[Path]:
    """Sorted paths of all images in a folder, at any depth; `suffixes` are further suffixes."""
    return sorted(
        path
        for path in folder.rglob("*")
        if (has_image_name(path) or path.suffix.lower() in suffixes) and not path.is_dir()
    )


def check_regular_file(path: Path) -> None:
    """Raise ImageError if a path is a pipe, a device or a socket, which could block."""
    if path.exists() and not path.is_file():
        raise ImageError("not a regular file")


def warn_unreadable(path: Path, error: Exception) -> None:
    warn(f"{path}: skipped because it cannot be read ({error})")


def load_array(path: Path, key: str | None = None, default: str = "x_test") -> Pixels:
    """Load the images of an `.npz` or `.npy` file: (N, H, W) or (N, H, W, C) uint8.

    If `key` is None, the only array of images is loaded, or `default` if there are several. Raises
    ImageError if the file or the array does not exist or does not contain images.
    """
    try:
        array = _select(_loaded(path, key), key, default)
    except Exception as error:  # zipfile and NumPy raise many types of errors for damaged files
        name = "" if key is None else f" {key!r}"
        raise ImageError(f"{path}: no array{name} of images in this file ({error})") from error
    if not _holds_images(array):
        raise ImageError(
            f"{path}: the array is {array.dtype} with shape {array.shape}; give uint8 with shape "
            "(N, H, W) or (N, H, W, C), without a 0"
        )
    if array.ndim == 3:
        check_frames(array.shape)
    return array


def load_samples(path: Path, dimensions: Sequence[int] = (3, 4)) -> Array:
    """Load the pictures of an `.npz` or `.npy` file, with samples of any type.

    In an `.npz` file, the only array of pictures is loaded, or `x_train` or `train` if there are
    several. Pictures have one of these numbers of dimensions. Raises ImageError if there are none.
    """
    try:
        arrays = _loaded(path)
    except Exception as error:  # zipfile and NumPy raise many types of errors for damaged files
        raise ImageError(f"{path}: no arrays in this file ({error})") from error
    if isinstance(arrays, np.ndarray):
        return arrays
    names = [name for name, array in arrays.items() if array.ndim in dimensions and array.size]
    for name in names if len(names) == 1 else _TRAINING_ARRAYS:
        if name in names:
            return arrays[name]
    raise ImageError(
        f"{path} has {len(names)} arrays of pictures ({', '.join(names) or 'none'}): name the "
        f"array for training {' or '.join(_TRAINING_ARRAYS)}"
    )


def frames_of(picture: Picture) -> Iterator[Picture]:
    """The frames of a picture with bands, as pictures with one frame each."""
    for number in range(picture.frames):
        part, missing = slice(number, number + 1), picture.missing
        mask = None if missing is None else without_equal_planes(missing[part])
        yield replace(picture, pixels=picture.pixels[part], missing=mask)


def _loaded(path: Path, key: str | None = None) -> Array | dict[str, Array]:
    """The array of an `.npy` file, or the arrays of an `.npz` file: only `key`, or all of them."""
    with path.open("rb") as file:
        loaded = np.load(file, allow_pickle=False)
        if isinstance(loaded, np.ndarray):
            return loaded
        names = [name for name in loaded.files if name == key] or loaded.files
        return {name: loaded[name] for name in names}


def _select(arrays: Array | dict[str, Array], key: str | None, default: str) -> Array:
    if isinstance(arrays, np.ndarray):
        return arrays
    if key is None:
        names = [name for name, array in arrays.items() if _holds_images(array)]
        key = names[0] if len(names) == 1 else default
    if key not in arrays:
        raise ImageError(f"{key} is not among its arrays: {', '.join(arrays) or 'it has none'}")
    return arrays[key]


def _holds_images(array: Array) -> bool:
    return array.dtype == np.uint8 and array.ndim in (3, 4) and array.size > 0
