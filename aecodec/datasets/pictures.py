"""Training pictures: image files of any size in a folder, or an array in a NumPy file."""

from __future__ import annotations

import zipfile
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import IO, Any, Protocol

import numpy as np
import numpy.typing as npt

from aecodec.base.arrays import Pixels
from aecodec.base.errors import ImageError, warn
from aecodec.image_files.formats import has_image_name
from aecodec.image_files.numpy_files import names_in, opened_array, read_header, read_stated
from aecodec.image_files.options import ONLY_PIXELS, ReadOptions
from aecodec.image_files.reading import read_image, size_of
from aecodec.imaging.array_pictures import check_frames
from aecodec.imaging.missing import without_equal_planes
from aecodec.imaging.picture import Picture, is_grey

Array = npt.NDArray[Any]

ARRAY_SUFFIXES = (".npz", ".npy")

TRAINING_ARRAYS = ("x_train", "train")


def images_in(folder: Path, suffixes: Collection[str] = ()) -> list[Path]:
    """Sorted paths of images at any depth, or of files with these suffixes; ImageError if none."""
    paths = sorted(
        path
        for path in folder.rglob("*")
        if (has_image_name(path) or path.suffix.lower() in suffixes) and not path.is_dir()
    )
    if not paths:
        raise ImageError(f"{folder} has no images: use a folder of images, or an .npz or .npy file")
    return paths


def check_regular_file(path: Path) -> None:
    """Raise ImageError if a path is a pipe, a device or a socket, which could block."""
    if path.exists() and not path.is_file():
        raise ImageError("not a regular file")


def warn_unreadable(path: Path, error: Exception) -> None:
    warn(f"{path}: skipped because it cannot be read ({error})")


def load_array(path: Path, key: str | None = None, defaults: Sequence[str] = ("x_test",)) -> Array:
    """Load the pictures of an `.npz` or `.npy` file: (N, H, W) or (N, H, W, C) of any type.

    Without a `key`, this is the only such array, or the first existing one of the defaults. Raises
    ImageError if there is none.
    """
    try:
        with path.open("rb") as file:
            array = _load_npz(file, key, defaults) if zipfile.is_zipfile(file) else _load_npy(file)
    except ImageError as error:
        raise ImageError(f"{path}: {error}") from error
    except Exception as error:  # zipfile and NumPy raise many types of errors for damaged files
        raise ImageError(f"{path}: this file contains no array of pictures ({error})") from error
    if not _holds_pictures(array):
        shapes = "(N, H, W) or (N, H, W, C), with no empty axis"
        raise ImageError(f"{path}: the array has the shape {array.shape}; it must be {shapes}")
    return array


def load_images(
    path: Path, key: str | None = None, defaults: Sequence[str] = ("x_test",)
) -> Pixels:
    """Load the images of a file like :func:`load_array`; ImageError if they are not uint8."""
    array = load_array(path, key, defaults)
    if array.dtype != np.uint8:
        raise ImageError(f"{path}: the array is {array.dtype}; convert it to uint8")
    if array.ndim == 3:
        check_frames(array.shape)
    return array


def frames_of(picture: Picture) -> Iterator[Picture]:
    for number in range(picture.frames):
        part, alpha, missing = slice(number, number + 1), picture.alpha, picture.missing
        alpha = None if alpha is None else alpha[part]
        mask = None if missing is None else without_equal_planes(missing[part])
        yield replace(picture, pixels=picture.pixels[part], alpha=alpha, missing=mask)


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
    if present := [name for name in wanted if name in headers]:
        return present[0]
    raise ImageError(
        f"this file contains no array named {' or '.join(wanted)} (its arrays: "
        f"{', '.join(headers) or 'none'})"
    )


def _check_size(array: Array, info: zipfile.ZipInfo) -> None:
    if array.nbytes > max(info.compress_size, 3 * ReadOptions().pixel_limit):
        raise ImageError(
            f"an array of {array.nbytes} bytes is too large for a compressed .npz file: save it "
            "uncompressed, with numpy.save"
        )


def _holds_pictures(array: Array) -> bool:
    return array.ndim in (3, 4) and array.size > 0


_CACHE_BYTES = 1 << 30
_MAX_INSPECTED = 200


class Pictures(Protocol):
    @property
    def sizes(self) -> npt.NDArray[np.int64]:
        """(N, 2) height and width of each picture in pixels."""

    def __getitem__(self, number: int) -> Array:
        """A picture (H, W, C), uint8 or floats in 0..1."""


class ArrayPictures:
    """Pictures (N, H, W) or (N, H, W, C) with one size in memory, uint8 or floats in 0..1."""

    def __init__(self, array: Array) -> None:
        self._planes = array if array.ndim == 4 else array[..., None]
        self.sizes = np.tile(np.array(array.shape[1:3], np.int64), (len(array), 1))

    def __getitem__(self, number: int) -> Array:
        return self._planes[number]


class FilePictures:
    """Image files of any size; damaged files are skipped. ImageError if no file is an image."""

    def __init__(self, paths: Sequence[Path]) -> None:
        sizes = [(path, size) for path in paths if (size := _size_in_header(path))]
        if not sizes:
            raise ImageError(f"{paths[0].parent}: none of the {len(paths)} files is an image")
        self._paths = [path for path, _ in sizes]
        self.sizes = np.array([size for _, size in sizes], np.int64)
        self._cache: dict[int, Pixels] = {}
        self._free_bytes = _CACHE_BYTES

    def __getitem__(self, number: int) -> Array:
        """The picture, or the next readable one; equal channels of RGB become one."""
        if number in self._cache:
            return self._cache[number]
        for path in self._paths[number:] + self._paths[:number]:
            try:
                pixels = read_image(path, ONLY_PIXELS, str(path)).pixels[0]
            except (ImageError, OSError) as error:
                warn_unreadable(path, error)
                continue
            return self._kept(number, pixels[..., :1] if is_grey(pixels) else pixels)
        raise ImageError(f"{self._paths[0].parent}: none of the files can be read")

    def _kept(self, number: int, pixels: Pixels) -> Pixels:
        """A picture, which is cached if there is room."""
        if pixels.nbytes < self._free_bytes:
            self._free_bytes -= pixels.nbytes
            self._cache[number] = pixels
        return pixels


def _size_in_header(path: Path) -> tuple[int, int] | None:
    try:
        check_regular_file(path)
        width, height = size_of(path)
        return height, width
    except ImageError as error:
        warn_unreadable(path, error)
        return None


def open_pictures(*paths: str | Path) -> Pictures:
    """Open a folder of images, image files, or an array (`x_train` or `train`) in a file.

    Arrays are (N, H, W), (N, H, W, C) or (N, C, H, W) with 1 or 3 channels, uint8, uint16 or
    floats in 0..1. Raises ImageError if there are no pictures.
    """
    path = Path(paths[0])
    if path.suffix.lower() in ARRAY_SUFFIXES:
        array = _channels_last(path, load_array(path, defaults=TRAINING_ARRAYS))
        return ArrayPictures(_eight_bits_or_floats(path, array))
    is_files = len(paths) > 1 or path.is_file()
    return FilePictures(list(map(Path, paths)) if is_files else images_in(path))


def _channels_last(path: Path, array: Array) -> Array:
    """Arrays (N, H, W) unchanged, all others as (N, H, W, C); ImageError unless C is 1 or 3.

    Warns if the channels come first.
    """
    if array.ndim == 3:
        check_frames(array.shape)
    if array.ndim == 3 or array.shape[3] in (1, 3):
        return array
    if array.shape[1] not in (1, 3):
        raise ImageError(
            f"{path}: the array has the shape {array.shape}; it must be (N, H, W), (N, H, W, C) or "
            "(N, C, H, W), with C = 1 or 3"
        )
    warn(f"{path}: aecodec reads {array.shape} as (N, C, H, W), channels first")
    return np.moveaxis(array, 1, 3)


def _eight_bits_or_floats(path: Path, array: Array) -> Array:
    """An array of uint8 unchanged, of uint16 or floats as float32 in 0..1; ImageError for others.

    >>> _eight_bits_or_floats(Path("x.npy"), np.array([0, 65535], np.uint16)).tolist()
    [0.0, 1.0]
    """
    if array.dtype == np.uint8:
        return array
    if array.dtype == np.uint16:
        return array / np.float32(65535)
    if array.dtype.kind == "f" and array.min() >= 0 and array.max() <= 1:
        return array.astype(np.float32)
    values = f" from {array.min():.4g} to {array.max():.4g}" if array.dtype.kind == "f" else ""
    text = f"the array is {array.dtype}{values}; use uint8, uint16 or floats in 0..1 without NaN"
    raise ImageError(f"{path}: {text}")


def hold_out(pictures: Pictures, share: float) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Hold out an evenly spaced share (0..1) of pictures from training.

    Returns the numbers of the training pictures and of the held-out pictures, each at least one.
    Raises ImageError if there are fewer than two pictures.

    >>> hold_out(ArrayPictures(np.zeros((6, 8, 8), np.uint8)), 0.3)
    (array([1, 2, 3, 4]), array([0, 5]))
    """
    count = len(pictures.sizes)
    if count < 2:
        raise ImageError(
            "one picture is not enough, because one is held out: add more, or split this one"
        )
    held_out_count = max(1, min(count - 1, round(share * count)))
    held_out = np.linspace(0, count - 1, held_out_count).round().astype(np.int64)
    return np.setdiff1d(np.arange(count), held_out), held_out


def channels_of(pictures: Pictures) -> int:
    """Number of channels for training: 3 if an inspected picture has colours, otherwise 1."""
    count = len(pictures.sizes)
    inspected = np.linspace(0, count - 1, min(count, _MAX_INSPECTED)).astype(int)
    return max(pictures[int(number)].shape[-1] for number in inspected)
