"""Pictures to evaluate a codec on: a folder of images, or an array in an `.npz` or `.npy` file."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from aecodec.arrays import Pixels
from aecodec.datasets.files import (
    ARRAY_SUFFIXES,
    check_ordinary,
    images_in,
    load_array,
    warn_unreadable,
)
from aecodec.errors import ImageError
from aecodec.image_files.reading import read_image
from aecodec.imaging.picture import Picture, from_array


@dataclass(frozen=True)
class Sample:
    """A picture of a data set.

    Attributes:
        picture: the picture.
        source_size: its size in the data set in bytes.
        name: its path within the data set's folder, or its number in an array.
    """

    picture: Picture
    source_size: int
    name: str


class Dataset(Protocol):
    """Pictures in a fixed order, each read when the iteration comes to it."""

    @property
    def unread(self) -> dict[Path, ImageError]:
        """Files that iterations have found unreadable so far, and why."""

    def __len__(self) -> int:
        """Number of pictures, including those that turn out to be unreadable."""

    def __iter__(self) -> Iterator[Sample]:
        """Iterate over the readable pictures; a warning names each unreadable file."""


def open_dataset(path: Path, array: str | None = None) -> Dataset:
    """Open a folder of images, at any depth, or an array of images.

    Args:
        path: a folder, one image, or an `.npz` or `.npy` file.
        array: name of the array in an `.npz` file. If None, the only array of images, or `x_test`
            if there are several.

    Raises:
        ImageError: there are no images at the path.

    >>> from aecodec.data.samples import sample_paths
    >>> len(open_dataset(sample_paths()[0].parent))
    10
    """
    if path.suffix.lower() in ARRAY_SUFFIXES:
        return _Arrays(load_array(path, array))
    folder, files = (path.parent, [path]) if path.is_file() else (path, images_in(path))
    if not files:
        raise ImageError(f"{path}: no images here; give a folder of them, or an .npz or .npy file")
    return _Files(folder, files)


@dataclass(frozen=True)
class _Files:
    folder: Path
    paths: list[Path]
    unread: dict[Path, ImageError] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.paths)

    def __iter__(self) -> Iterator[Sample]:
        for path in self.paths:
            try:
                check_ordinary(path)
                content = path.read_bytes()
                name = path.relative_to(self.folder).as_posix()
                sample = Sample(read_image(io.BytesIO(content)), len(content), name)
            except (ImageError, OSError) as error:
                self.unread[path] = ImageError(str(error))
                warn_unreadable(path, error)
            else:
                yield sample


@dataclass(frozen=True)
class _Arrays:
    pixels: Pixels
    unread: dict[Path, ImageError] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.pixels)

    def __iter__(self) -> Iterator[Sample]:
        return (
            Sample(from_array(each), each.nbytes, str(number))
            for number, each in enumerate(self.pixels)
        )
