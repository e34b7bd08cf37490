"""Pictures for evaluating a codec: a folder of images, or an array in an `.npz` or `.npy` file."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from aecodec.arrays import Pixels
from aecodec.datasets.folders_and_arrays import (
    ARRAY_SUFFIXES,
    check_regular_file,
    images_in,
    load_array,
    warn_unreadable,
)
from aecodec.errors import ImageError
from aecodec.image_files.formats import SAMPLES_SUFFIXES
from aecodec.image_files.options import ONLY_PIXELS, ReadOptions
from aecodec.image_files.reading import read_image
from aecodec.imaging.missing import without_equal_planes
from aecodec.imaging.picture import Picture, from_array


@dataclass(frozen=True)
class Sample:
    """A picture of a data set, its size there in bytes, and its path or its number in an array."""

    picture: Picture
    source_size: int
    name: str


class Dataset(Protocol):
    """Pictures in a fixed order, which are read during iteration."""

    @property
    def unread(self) -> dict[Path, ImageError]:
        """Unreadable files of the iterations so far, with their errors."""

    def __len__(self) -> int:
        """Number of pictures, including unreadable files."""

    def __iter__(self) -> Iterator[Sample]:
        """Iterate over the readable pictures, and warn of each unreadable file."""


def open_dataset(
    path: Path, array: str | None = None, options: ReadOptions = ONLY_PIXELS
) -> Dataset:
    """Open a folder with images at any depth, an image, or an `.npz` or `.npy` file with images.

    If `array` is None, the only array of images is loaded, or `x_test` if there are several. If the
    options have `bands`, files and arrays may have any bands and types, and each frame of an array
    is a picture. Raises ImageError if the path does not contain images.

    >>> from aecodec.data.samples import sample_paths
    >>> len(open_dataset(sample_paths()[0].parent))
    10
    """
    if path.suffix.lower() in ARRAY_SUFFIXES:
        if options.bands is None:
            return _Arrays(load_array(path, array))
        return _Scenes(_read(path.read_bytes(), replace(options, array=array), path.name))
    suffixes = SAMPLES_SUFFIXES if options.bands else ()
    files = [path] if path.is_file() else images_in(path, suffixes)
    if not files:
        raise ImageError(f"{path} has no images: give a folder of images, or an .npz or .npy file")
    return _Files(path.parent if path.is_file() else path, files, options)


def _read(content: bytes, options: ReadOptions, name: str) -> Picture:
    """Read a file without metadata; with all its samples if the options have `bands`."""
    if options.bands is None:
        return read_image(io.BytesIO(content), options, name)
    from aecodec.image_files.samples import read_samples

    picture = read_samples(io.BytesIO(content), options, name)
    return replace(picture, metadata={}, origin=None)


@dataclass(frozen=True)
class _Files:
    folder: Path
    paths: list[Path]
    options: ReadOptions
    unread: dict[Path, ImageError] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.paths)

    def __iter__(self) -> Iterator[Sample]:
        for path in self.paths:
            try:
                check_regular_file(path)
                content = path.read_bytes()
                name = path.relative_to(self.folder).as_posix()
                picture = _read(content, self.options, name)
            except (ImageError, OSError) as error:
                self.unread[path] = ImageError(str(error))
                warn_unreadable(path, error)
            else:
                yield Sample(picture, len(content), name)


@dataclass(frozen=True)
class _Arrays:
    pixels: Pixels
    unread: dict[Path, ImageError] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.pixels)

    def __iter__(self) -> Iterator[Sample]:
        return (
            Sample(from_array(picture), picture.nbytes, str(number))
            for number, picture in enumerate(self.pixels)
        )


@dataclass(frozen=True)
class _Scenes:
    """The frames of an array with bands."""

    array: Picture
    unread: dict[Path, ImageError] = field(default_factory=dict)

    def __len__(self) -> int:
        return self.array.frames

    def __iter__(self) -> Iterator[Sample]:
        missing = self.array.missing
        for number in range(len(self)):
            part = slice(number, number + 1)
            mask = None if missing is None else without_equal_planes(missing[part])
            pixels = self.array.pixels[part]
            picture = replace(self.array, pixels=pixels, missing=mask, layout=None)
            yield Sample(picture, pixels.nbytes, str(number))
