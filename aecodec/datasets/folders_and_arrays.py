"""Search for image files in folders, and arrays of images in `.npz` and `.npy` files."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
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
    array = _load(path, _holds_images, key, (default,))
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
    return _load(
        path, lambda array: array.ndim in dimensions and array.size > 0, None, _TRAINING_ARRAYS
    )


def frames_of(picture: Picture) -> Iterator[Picture]:
    """The frames of a picture with bands, as pictures with one frame each."""
    for number in range(picture.frames):
        part, missing = slice(number, number + 1), picture.missing
        mask = None if missing is None else without_equal_planes(missing[part])
        yield replace(picture, pixels=picture.pixels[part], missing=mask)


def _load(
    path: Path, holds: Callable[[Array], bool], key: str | None, defaults: Sequence[str]
) -> Array:
    """The array of an `.npy` file; in an `.npz` file `key`, if it is not None.

    Otherwise, the only array that holds pictures, or the first of the defaults that exists.
    """
    try:
        with path.open("rb") as file:
            loaded = np.load(file, allow_pickle=False)
            if isinstance(loaded, np.ndarray):
                return loaded
            names = [name for name in loaded.files if name == key] or loaded.files
            arrays = {name: loaded[name] for name in names}
    except Exception as error:  # zipfile and NumPy raise many types of errors for damaged files
        raise ImageError(f"{path}: no array of pictures in this file ({error})") from error
    held = [name for name, array in arrays.items() if holds(array)]
    wanted = [key] if key else held if len(held) == 1 else defaults
    for name in wanted:
        if name in arrays:
            return arrays[name]
    raise ImageError(
        f"{path}: no array of pictures in this file ({' or '.join(wanted)} is not among its "
        f"arrays: {', '.join(arrays) or 'it has none'})"
    )


def _holds_images(array: Array) -> bool:
    return array.dtype == np.uint8 and array.ndim in (3, 4) and array.size > 0
