"""Search for image files in folders, and arrays of images in `.npz` and `.npy` files."""

from __future__ import annotations

import zipfile
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from aecodec.arrays import Pixels
from aecodec.errors import ImageError, warn
from aecodec.image_files.formats import has_image_name
from aecodec.image_files.numpy_files import names_in, opened_array, read_header, read_stated
from aecodec.image_files.options import ReadOptions
from aecodec.imaging.array_pictures import check_frames
from aecodec.imaging.missing import without_equal_planes
from aecodec.imaging.picture import Picture

Array = npt.NDArray[Any]

ARRAY_SUFFIXES = (".npz", ".npy")

TRAINING_ARRAYS = ("x_train", "train")


def images_in(folder: Path, suffixes: Collection[str] = ()) -> list[Path]:
    """Sorted paths of all images in a folder, at any depth; `suffixes` are further suffixes.

    Raises ImageError if there are none.
    """
    paths = sorted(
        path
        for path in folder.rglob("*")
        if (has_image_name(path) or path.suffix.lower() in suffixes) and not path.is_dir()
    )
    if not paths:
        raise ImageError(
            f"{folder} has no images: give a folder of images, or an .npz or .npy file"
        )
    return paths


def check_regular_file(path: Path) -> None:
    """Raise ImageError if a path is a pipe, a device or a socket, which could block."""
    if path.exists() and not path.is_file():
        raise ImageError("not a regular file")


def warn_unreadable(path: Path, error: Exception) -> None:
    warn(f"{path}: skipped because it cannot be read ({error})")


def load_array(path: Path, key: str | None = None, defaults: Sequence[str] = ("x_test",)) -> Array:
    """Load the pictures of an `.npz` or `.npy` file: (N, H, W) or (N, H, W, C) of any type.

    If `key` is None, the only array with such a shape is loaded, or the first of the defaults that
    exists if there are several. Raises ImageError if the file or the array does not exist or does
    not contain pictures.
    """
    try:
        with path.open("rb") as file:
            array = _load_npz(file, key, defaults) if zipfile.is_zipfile(file) else _load_npy(file)
    except ImageError as error:
        raise ImageError(f"{path}: {error}") from error
    except Exception as error:  # zipfile and NumPy raise many types of errors for damaged files
        raise ImageError(f"{path}: no array of pictures in this file ({error})") from error
    if not _holds_pictures(array):
        raise ImageError(
            f"{path}: the array has the shape {array.shape}; give (N, H, W) or (N, H, W, C), "
            "without a 0"
        )
    return array


def load_images(
    path: Path, key: str | None = None, defaults: Sequence[str] = ("x_test",)
) -> Pixels:
    """Load the images of a file as :func:`load_array`; ImageError if they are not uint8."""
    array = load_array(path, key, defaults)
    if array.dtype != np.uint8:
        raise ImageError(f"{path}: the array is {array.dtype}; give uint8")
    if array.ndim == 3:
        check_frames(array.shape)
    return array


def frames_of(picture: Picture) -> Iterator[Picture]:
    """The frames of a picture with bands, as pictures with one frame each."""
    for number in range(picture.frames):
        part, missing = slice(number, number + 1), picture.missing
        mask = None if missing is None else without_equal_planes(missing[part])
        yield replace(picture, pixels=picture.pixels[part], missing=mask)


def _load_npy(file: IO[bytes]) -> Array:
    file.seek(0)
    return read_stated(file, read_header(file))


def _load_npz(file: IO[bytes], key: str | None, defaults: Sequence[str]) -> Array:
    with zipfile.ZipFile(file) as archive:
        name = _name_of(archive, key, defaults)
        with opened_array(archive, name) as member:
            stated = read_header(member)
            _check_size(stated.array, archive.getinfo(f"{name}.npy"))
            return read_stated(member, stated)


def _name_of(archive: zipfile.ZipFile, key: str | None, defaults: Sequence[str]) -> str:
    headers = {}
    for name in names_in(archive):
        with opened_array(archive, name) as member:
            headers[name] = read_header(member).array
    held = [name for name, array in headers.items() if _holds_pictures(array)]
    wanted = [key] if key else held if len(held) == 1 else defaults
    for name in wanted:
        if name in headers:
            return name
    raise ImageError(
        f"no array of pictures in this file ({' or '.join(wanted)} is not among its arrays: "
        f"{', '.join(headers) or 'it has none'})"
    )


def _check_size(array: Array, info: zipfile.ZipInfo) -> None:
    """Raise ImageError if an array is much larger than its file, and above the limit for pixels."""
    if array.nbytes > max(info.compress_size, 3 * ReadOptions().pixel_limit):
        raise ImageError(
            f"an array of {array.nbytes} bytes, compressed to {info.compress_size}: save arrays "
            "of this size with numpy.save"
        )


def _holds_pictures(array: Array) -> bool:
    return array.ndim in (3, 4) and array.size > 0
