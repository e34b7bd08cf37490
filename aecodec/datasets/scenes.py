"""Training scenes with any number of bands, in arrays or a folder of files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from aecodec.datasets.folders_and_arrays import (
    ARRAY_SUFFIXES,
    frames_of,
    load_samples,
    warn_unreadable,
)
from aecodec.errors import AecodecError, ImageError
from aecodec.image_files.options import ONLY_PIXELS
from aecodec.image_files.reading import read_image
from aecodec.image_files.samples import read_samples
from aecodec.imaging.picture import Picture, samples_picture

_FILE_SUFFIXES = (*ARRAY_SUFFIXES, ".tif", ".tiff", ".fits", ".fit", ".fts", ".dcm")
"""Suffixes of files in a folder that may contain scenes. Other files are images with 8 bits."""

_DEEP_GREY = b"\x10\0"
"""Bit depth 16 and colour type grey in the header of a PNG file."""


def open_scenes(
    path: Path, *, bands_first: bool = False, nodata: float | None = None
) -> list[Picture] | None:
    """Open training pictures that only a codec with bands can code.

    The path is an `.npz` file (its only array of pictures, or `x_train` or `train` if there are
    several) or `.npy` file with samples (N, H, W) or (N, H, W, B); or a folder of files with a
    scene each, or an image with several frames, of any sizes. With `bands_first`, arrays are (N, B,
    H, W), or (B, H, W) in a folder. `nodata` marks missing samples, in addition to NaN and values
    in the files.

    Returns scenes with one frame each and the same number of bands and type; None if the pictures
    are uint8 with 1 or 3 bands, which codecs for images accept. Raises ImageError if the path has
    no pictures, or they differ in type or number of bands.
    """
    if path.suffix.lower() in ARRAY_SUFFIXES:
        scenes = list(_scenes_of_array(path, bands_first, nodata))
    elif path.is_dir():
        scenes = list(_scenes_of_folder(path, bands_first, nodata))
    else:
        return None
    if not any(scene.is_scientific for scene in scenes):
        return None
    kinds = Counter((scene.pixels.shape[-1], scene.pixels.dtype.name) for scene in scenes)
    if len(kinds) > 1:
        text = ", ".join(
            f"{n} with {bands} bands of {dtype}" for (bands, dtype), n in kinds.items()
        )
        raise ImageError(f"{path}: the scenes differ: {text}; keep scenes of one kind")
    return scenes


def _scenes_of_array(path: Path, bands_first: bool, nodata: float | None) -> Iterator[Picture]:
    array = load_samples(path)
    if (
        array.dtype == np.uint8
        and not bands_first
        and (array.ndim == 3 or array.shape[-1] in (1, 3))
    ):
        return
    axis = (1 if array.ndim == 4 else 0) if bands_first else None
    bands = 1 if array.ndim == 3 and not bands_first else None
    yield from frames_of(samples_picture(array, band_axis=axis, nodata=nodata, bands=bands))


def _scenes_of_folder(folder: Path, bands_first: bool, nodata: float | None) -> Iterator[Picture]:
    """The scenes of a folder; none if its first file is an image with 8 bits."""
    for path in sorted(folder.rglob("*")):
        if not path.is_file() or not (path.suffix.lower() in _FILE_SUFFIXES or _is_deep_png(path)):
            continue
        try:
            picture = _read(path, bands_first, nodata)
        except (ImageError, OSError) as error:
            warn_unreadable(path, error)
            continue
        yield from frames_of(picture)
        if not picture.is_scientific:
            return


def _is_deep_png(path: Path) -> bool:
    if path.suffix.lower() != ".png":
        return False
    with path.open("rb") as file:
        return file.read(26)[24:] == _DEEP_GREY


def _read(path: Path, bands_first: bool, nodata: float | None) -> Picture:
    axis = -3 if bands_first else None
    if path.suffix.lower() in ARRAY_SUFFIXES:
        return samples_picture(load_samples(path, (2, 3, 4)), band_axis=axis, nodata=nodata)
    try:
        picture = read_samples(path, replace(ONLY_PIXELS, nodata=nodata, band_axis=axis))
    except AecodecError as error:
        try:  # images such as palettes in TIFF files are not scenes
            return read_image(path, ONLY_PIXELS)
        except ImageError:
            raise ImageError(str(error)) from error
    is_image = picture.pixels.dtype == np.uint8 and picture.pixels.shape[-1] in (1, 3)
    return picture if picture.missing is not None or not is_image else Picture(picture.pixels)


def description_of(scenes: Sequence[Picture]) -> str:
    """Describe scenes in a line.

    >>> description_of([Picture(np.zeros((1, 6, 8, 2), np.int16))])
    '1 scene with 2 bands of int16'
    """
    shape, dtype = scenes[0].pixels.shape, scenes[0].pixels.dtype
    missing = sum(scene.missing is not None for scene in scenes)
    text = f"{_scenes(len(scenes))} with {shape[-1]} bands of {dtype.name}"
    return f"{text}; missing samples in {_scenes(missing)}" if missing else text


def _scenes(count: int) -> str:
    return "1 scene" if count == 1 else f"{count} scenes"
