"""Training scenes with any number of bands, in arrays or a folder of files, and their tiles."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from aecodec.base.arrays import Float32
from aecodec.base.errors import ImageError
from aecodec.datasets.pictures import (
    ARRAY_SUFFIXES,
    TRAINING_ARRAYS,
    Array,
    frames_of,
    load_array,
    warn_unreadable,
)
from aecodec.datasets.tiles import Tiles
from aecodec.datasets.transfer_fitting import FittedTransfer
from aecodec.format.arrays import ANY_BANDS
from aecodec.image_files.options import ONLY_PIXELS
from aecodec.image_files.scientific import read_samples
from aecodec.imaging.array_pictures import samples_picture
from aecodec.imaging.picture import Picture
from aecodec.native.writing import fill_missing

_FILE_SUFFIXES = (*ARRAY_SUFFIXES, ".tif", ".tiff", ".fits", ".fit", ".fts")
_DEEP_GREY = b"\x10\0"
"""Bit depth 16 and colour type grey in the header of a PNG file."""


def open_scenes(path: Path, nodata: float | None = None) -> list[Picture] | None:
    """Open training pictures that only a codec with bands can code.

    The path is an array of pictures (N, H, W), (N, H, W, B) or (N, B, H, W) in an `.npz` or `.npy`
    file, or a folder of files of any sizes, each with a scene or several frames. `nodata` marks
    missing samples, in addition to NaN and values in the files.

    Returns scenes with one frame each and the same number of bands and type; None if the pictures
    are uint8 with 1 or 3 bands, which codecs for images accept. Raises ImageError if the path has
    no pictures, or they differ in type or number of bands.
    """
    if path.suffix.lower() in ARRAY_SUFFIXES:
        array = load_array(path, defaults=TRAINING_ARRAYS)
        picture = samples_picture(array, nodata=nodata, bands=1 if array.ndim == 3 else ANY_BANDS)
        scenes = [] if _is_image(picture) else list(frames_of(picture))
    else:
        scenes = list(_scenes_in(path, nodata))
    kinds = Counter((scene.pixels.shape[-1], scene.pixels.dtype.name) for scene in scenes)
    if len(kinds) > 1:
        text = " and ".join(f"{n} with {bands} {kind} bands" for (bands, kind), n in kinds.items())
        raise ImageError(f"{path}: all scenes must have the same bands and type, not {text}")
    return scenes or None


def _scenes_in(folder: Path, nodata: float | None) -> Iterator[Picture]:
    """The scenes of a folder; nothing if its first file is an image with 8 bits."""
    options, is_first = replace(ONLY_PIXELS, nodata=nodata, bands=ANY_BANDS), True
    for path in sorted(folder.rglob("*")):
        if not path.is_file() or not (path.suffix.lower() in _FILE_SUFFIXES or _is_deep_png(path)):
            continue
        try:
            picture = read_samples(path, options)
        except (ImageError, OSError) as error:
            warn_unreadable(path, error)
            continue
        if is_first and _is_image(picture) and path.suffix.lower() not in ARRAY_SUFFIXES:
            return
        is_first = False
        yield from frames_of(picture)


def _is_image(picture: Picture) -> bool:
    pixels = picture.pixels
    return pixels.dtype == np.uint8 and pixels.shape[-1] in (1, 3) and picture.missing is None


def _is_deep_png(path: Path) -> bool:
    if path.suffix.lower() != ".png":
        return False
    with path.open("rb") as file:
        return file.read(26)[24:] == _DEEP_GREY


class ScenePictures:
    """Scenes with one frame each, converted to values, with missing samples filled."""

    def __init__(self, scenes: Sequence[Picture], fitted: FittedTransfer) -> None:
        self.has_missing = any(scene.missing is not None for scene in scenes)
        self._values = [self._converted(scene, fitted) for scene in scenes]
        self.sizes = np.array([values.shape[:2] for values in self._values], np.int64)

    def __getitem__(self, number: int) -> Array:
        """(H, W, B) uint16 values; with missing samples (H, W, 2 B), where 1 marks them."""
        return self._values[number]

    def _converted(self, scene: Picture, fitted: FittedTransfer) -> Array:
        values = fitted.transfer.to_values(scene.pixels)
        fill_missing(scene, values)
        if not self.has_missing:
            return values[0]
        missing = False if scene.missing is None else scene.missing[0]
        return np.concatenate([values[0], np.broadcast_to(missing, values.shape[1:])], axis=-1)


class BandTiles(Tiles):
    """Tiles of scenes with bands, like :class:`Tiles`; weights follow the images of a batch."""

    def __init__(
        self,
        pictures: ScenePictures,
        fitted: FittedTransfer,
        tile: tuple[int, int],
        flips: bool = False,
        only: npt.NDArray[np.int64] | None = None,
        seed: int = 0,
    ) -> None:
        self._bands, self._most = len(fitted.ranges), 255 * fitted.phases
        super().__init__(pictures, tile, pictures[0].shape[-1], flips, only, seed)
        self._weights, self._has_missing = fitted.weights, pictures.has_missing

    @property
    def image_shape(self) -> tuple[int, int, int]:
        return (*self.shape[:2], self._bands)

    @property
    def scales(self) -> Float32:
        """(B,) square roots of the mean weights of the bands."""
        tiles = self._unsmoothed(0, min(len(self), 500))
        return np.sqrt(self._weights_of(tiles).mean(axis=(0, 1, 2)))

    def _as_images(self, tiles: Array) -> Float32:
        return np.asarray(tiles[..., : self._bands] / np.float32(self._most), np.float32)

    def _as_batch(self, tiles: Array) -> Float32:
        return np.concatenate([self._as_images(tiles), self._weights_of(tiles)], axis=-1)

    def _weights_of(self, tiles: Array) -> Float32:
        bands = range(self._bands)
        planes = [self._weights[band][tiles[..., band]] for band in bands]
        weights: Float32 = np.stack(planes, axis=-1)
        if self._has_missing:
            weights[tiles[..., self._bands :] > 0] = 0
        return weights
