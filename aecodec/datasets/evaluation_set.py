"""Pictures for evaluating a codec: a folder of images, or an array in an `.npz` or `.npy` file."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from aecodec.base.errors import ImageError
from aecodec.datasets.pictures import (
    ARRAY_SUFFIXES,
    check_regular_file,
    frames_of,
    images_in,
    load_images,
    warn_unreadable,
)
from aecodec.image_files.formats import SAMPLES_SUFFIXES
from aecodec.image_files.options import ONLY_PIXELS, ReadOptions
from aecodec.image_files.reading import read_image
from aecodec.imaging.array_pictures import from_array
from aecodec.imaging.picture import Picture


@dataclass(frozen=True)
class Dataset:
    """Pictures in a fixed order, from an array or from files, which are read during iteration.

    Unreadable files are skipped with a warning, and added to `unread` with their errors.
    """

    sources: Sequence[Picture | Path]
    options: ReadOptions
    unread: dict[Path, ImageError] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.sources)

    def __iter__(self) -> Iterator[Picture]:
        for source in self.sources:
            picture = source if isinstance(source, Picture) else self._read(source)
            if picture:
                yield picture

    def _read(self, file: Path) -> Picture | None:
        try:
            check_regular_file(file)
            return _read(file.read_bytes(), self.options, str(file))
        except (ImageError, OSError) as error:
            self.unread[file] = ImageError(str(error))
            warn_unreadable(file, error)
            return None


def open_dataset(
    path: Path, array: str | None = None, options: ReadOptions = ONLY_PIXELS
) -> Dataset:
    """Open a folder with images at any depth, an image, or an array, by default `x_test`.

    If the options have `bands`, files and arrays may have any bands and types. Raises ImageError if
    the path does not contain images.
    """
    if path.suffix.lower() in ARRAY_SUFFIXES:
        return Dataset(list(_pictures_in(path, array, options)), options)
    suffixes = SAMPLES_SUFFIXES if options.bands else ()
    return Dataset([path] if path.is_file() else images_in(path, suffixes), options)


def _pictures_in(path: Path, array: str | None, options: ReadOptions) -> Iterator[Picture]:
    if options.bands is None:
        return map(from_array, load_images(path, array))
    scene = _read(path.read_bytes(), replace(options, array=array), path.name)
    return frames_of(replace(scene, layout=None))  # it is that of the whole array


def _read(content: bytes, options: ReadOptions, name: str) -> Picture:
    if options.bands is None:
        return read_image(io.BytesIO(content), options, name)
    from aecodec.image_files.scientific import read_samples

    picture = read_samples(io.BytesIO(content), options, name)
    return replace(picture, metadata={}, origin=None)
