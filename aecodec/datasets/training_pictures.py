"""Training pictures: image files of any size, or an array."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from aecodec.arrays import Pixels
from aecodec.datasets.folders_and_arrays import (
    ARRAY_SUFFIXES,
    TRAINING_ARRAYS,
    Array,
    check_regular_file,
    images_in,
    load_images,
    warn_unreadable,
)
from aecodec.errors import ImageError
from aecodec.image_files.options import ONLY_PIXELS
from aecodec.image_files.reading import read_image, size_of
from aecodec.imaging.picture import is_grey

_CACHE_BYTES = 1 << 30
_MAX_INSPECTED = 200
"""Maximum number of pictures that :func:`channels_of` reads."""


class Pictures(Protocol):
    """Pictures that are read on access, by number."""

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
    """Image files of any size. Damaged files are skipped with a warning.

    Raises ImageError if none of the files is an image.
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        sizes = [(path, size) for path in paths if (size := _size_in_header(path))]
        if not sizes:
            raise ImageError(f"{paths[0].parent}: none of the {len(paths)} files is an image")
        self._paths = [path for path, _ in sizes]
        self.sizes = np.array([size for _, size in sizes], np.int64)
        self._cache: dict[int, Pixels] = {}
        self._free_bytes = _CACHE_BYTES

    def __getitem__(self, number: int) -> Array:
        """The picture, or the next readable one if its file is damaged.

        RGB with equal channels becomes a single channel.
        """
        if number in self._cache:
            return self._cache[number]
        for path in self._paths[number:] + self._paths[:number]:
            try:
                pixels = read_image(path, ONLY_PIXELS, str(path)).pixels[0]
            except (ImageError, OSError) as error:
                warn_unreadable(path, error)
                continue
            pixels = pixels[..., :1] if is_grey(pixels) else pixels
            if pixels.nbytes < self._free_bytes:
                self._free_bytes -= pixels.nbytes
                self._cache[number] = pixels
            return pixels
        raise ImageError(f"{self._paths[0].parent}: none of the files can be read")


def _size_in_header(path: Path) -> tuple[int, int] | None:
    """(height, width) of an image file, without reading its pixels."""
    try:
        check_regular_file(path)
        width, height = size_of(path)
        return height, width
    except ImageError as error:
        warn_unreadable(path, error)
        return None


def open_pictures(data: str | Path) -> Pictures:
    """Open training pictures; raise ImageError if there are none.

    `data` is a folder with images at any depth, or an array as for
    :func:`~aecodec.datasets.folders_and_arrays.load_images`, by default `x_train` or `train`.
    """
    path = Path(data)
    if path.suffix.lower() in ARRAY_SUFFIXES:
        return ArrayPictures(load_images(path, defaults=TRAINING_ARRAYS))
    return FilePictures(images_in(path))


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
            "there is only one picture: give at least two, to hold one out, or cut it into parts"
        )
    held_out_count = max(1, min(count - 1, round(share * count)))
    held_out = np.linspace(0, count - 1, held_out_count).round().astype(np.int64)
    return np.setdiff1d(np.arange(count), held_out), held_out


def channels_of(pictures: Pictures) -> int:
    """Number of channels for training: 3 if an inspected picture has colours, else 1."""
    count = len(pictures.sizes)
    inspected = np.linspace(0, count - 1, min(count, _MAX_INSPECTED)).astype(int)
    return max(pictures[int(number)].shape[-1] for number in inspected)
