"""Pictures to train on, as batches of tiles that depend on nothing but a seed and a step."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from PIL import Image

from aecodec import images, tiling
from aecodec.dataset import ARRAY_FILES, images_in, leave_out, load_array
from aecodec.errors import ImageError

Array = npt.NDArray[Any]

KERAS_DATASETS = ("mnist", "fashion_mnist")
_CACHE_BYTES = 1 << 30
_MOST_SAMPLED = 200
"""Pictures that tell whether a folder has colours."""


class Pictures(Protocol):
    """Pictures by number, read as they are asked for."""

    @property
    def sizes(self) -> npt.NDArray[np.int64]:
        """(N, 2) heights and widths."""

    def __getitem__(self, number: int) -> Array:
        """(H, W, C) uint8, or floats in 0..1."""


class ArrayPictures:
    """Pictures of one size in memory.

    Args:
        array: (N, H, W) or (N, H, W, C), uint8 or floats in 0..1.
    """

    def __init__(self, array: Array) -> None:
        self._planes = array if array.ndim == 4 else array[..., None]

    @property
    def sizes(self) -> npt.NDArray[np.int64]:
        """(N, 2)."""
        return np.tile(np.array(self._planes.shape[1:3], np.int64), (len(self._planes), 1))

    def __getitem__(self, number: int) -> Array:
        return self._planes[number]


class FilePictures:
    """Image files of any sizes; a damaged one is left out, with one warning.

    Args:
        paths: the files.

    Raises:
        ImageError: none of them is an image.
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        sizes = [(path, size) for path in paths if (size := _size_in_header(path))]
        if not sizes:
            raise ImageError(f"{paths[0].parent}: not one of {len(paths)} files is an image")
        self._paths = [path for path, _ in sizes]
        self._sizes = np.array([size for _, size in sizes], np.int64)
        self._cache: dict[int, images.Pixels] = {}
        self._room = _CACHE_BYTES

    @property
    def sizes(self) -> npt.NDArray[np.int64]:
        """(N, 2)."""
        return self._sizes

    def __getitem__(self, number: int) -> Array:
        if number in self._cache:
            return self._cache[number]
        pixels = self._read(number)
        if pixels.nbytes < self._room:
            self._room -= pixels.nbytes
            self._cache[number] = pixels
        return pixels

    def _read(self, number: int) -> Array:
        """A picture; in place of one that turns out damaged, the next whole one."""
        for path in self._paths[number:] + self._paths[:number]:
            try:
                return images.read(path).pixels[0]
            except (ImageError, OSError) as error:
                leave_out(path, error)
        raise ImageError(f"{self._paths[0].parent}: not one file can be read")


def open_pictures(data: str | Path) -> Pictures:
    """What to train on.

    Args:
        data: a folder of images, at any depth; an `.npz` (its `x_train`, or its only array of
            images) or `.npy` file; or the name of one of `keras.datasets`.

    Raises:
        ImageError: there is nothing to read.
    """
    path = Path(data)
    if str(data) in KERAS_DATASETS and not path.exists():
        return ArrayPictures(_keras_dataset(str(data)))
    if path.suffix.lower() in ARRAY_FILES:
        return ArrayPictures(load_array(path, default="x_train"))
    paths = images_in(path)
    if not paths:
        raise ImageError(
            f"{path}: no images here; give a folder of them, an .npz or .npy file, "
            f"or one of {', '.join(KERAS_DATASETS)}"
        )
    return FilePictures(paths)


class Tiles:
    """Tiles cut out of pictures at random, every pixel about once in a pass.

    Args:
        pictures: where from; those smaller than a tile are continued at their edges.
        tile: (height, width).
        channels: 1 (the mean of colours) or 3.
        flips: mirror tiles at random, both ways.
        only: the numbers of the pictures to use; all if None.
        seed: the same seed and step give the same batch.

    >>> tiles = Tiles(ArrayPictures(np.zeros((5, 8, 8), np.uint8)), (4, 4), channels=1)
    >>> len(tiles), tiles.batch(step=0, size=3).shape
    (20, (3, 4, 4, 1))
    """

    def __init__(
        self,
        pictures: Pictures,
        tile: tuple[int, int],
        channels: int,
        flips: bool = False,
        only: npt.NDArray[np.int64] | None = None,
        seed: int = 0,
    ) -> None:
        self._pictures, self._flips, self._seed = pictures, flips, seed
        self.shape = (*tile, channels)
        self._only = np.arange(len(pictures.sizes)) if only is None else only
        self._order = lru_cache(maxsize=2)(self._shuffled)

    def __len__(self) -> int:
        return len(self._owners)

    @cached_property
    def _owners(self) -> npt.NDArray[np.int64]:
        """The picture of each tile of a pass."""
        tiles = np.maximum(1, self.sizes // np.array(self.shape[:2])).prod(axis=1)
        return np.repeat(self._only, tiles)

    @property
    def sizes(self) -> npt.NDArray[np.int64]:
        """(N, 2) heights and widths of the pictures that are used."""
        return self._pictures.sizes[self._only]

    def of_side(self, side: int) -> Tiles:
        """Square tiles of another size from the same pictures."""
        tile = (side, side)
        return Tiles(self._pictures, tile, self.shape[2], self._flips, self._only, self._seed)

    def _shuffled(self, number: int) -> npt.NDArray[np.int64]:
        return np.random.default_rng([self._seed, 0, number]).permutation(self._owners)

    def batch(self, step: int, size: int) -> Array:
        """(size, h, w, C) tiles, of the pictures' dtype."""
        rng = np.random.default_rng([self._seed, 1, step])
        places = (divmod(step * size + n, len(self)) for n in range(size))
        owners = [self._order(number)[place] for number, place in places]
        return np.stack([self._tile(self._pictures[int(owner)], rng) for owner in owners])

    def sample(self, count: int, passes: int = 1) -> npt.NDArray[np.float32]:
        """(n, h, w, C) floats in 0..1: the first `count` tiles of so many passes, or all."""
        return as_floats(self.batch(0, min(count, passes * len(self))))

    def whole(self, count: int) -> npt.NDArray[np.float32]:
        """(n, h, w, C) floats in 0..1: the pictures themselves, cut along a grid, unflipped."""
        tiles: list[Array] = []
        for number in self._only:
            picture = to_channels(self._pictures[int(number)], self.shape[-1])
            tiles.extend(tiling.split(picture[None], self.shape[:2]))
            if len(tiles) >= count:
                break
        return as_floats(np.stack(tiles[:count]))

    def _tile(self, picture: Array, rng: np.random.Generator) -> Array:
        height, width = self.shape[:2]
        room = (max(0, picture.shape[0] - height), max(0, picture.shape[1] - width))
        top, left = (int(rng.integers(0, each + 1)) for each in room)
        tile = picture[top : top + height, left : left + width]
        missing = [(0, self.shape[axis] - tile.shape[axis]) for axis in (0, 1)]
        tile = to_channels(np.pad(tile, [*missing, (0, 0)], "edge"), self.shape[-1])
        return self._flipped(tile, rng) if self._flips else tile

    def _flipped(self, tile: Array, rng: np.random.Generator) -> Array:
        down, right = rng.integers(0, 2, 2)
        return tile[:: -1 if down else 1, :: -1 if right else 1]


def split_off(pictures: Pictures, held_out: float) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Numbers of the pictures to train on, and of those to measure on, evenly spread.

    Args:
        pictures: all.
        held_out: the share to measure on.

    Raises:
        ImageError: fewer than two.
    """
    count = len(pictures.sizes)
    if count < 2:
        raise ImageError("one picture: it takes another to measure on")
    wanted = max(1, min(count - 1, round(held_out * count)))
    held = np.linspace(0, count - 1, wanted).round().astype(np.int64)
    return np.setdiff1d(np.arange(count), held), held


def channels_of(pictures: Pictures) -> int:
    """3 if any of the pictures has colours, 1 if all are grey."""
    count = len(pictures.sizes)
    some = np.linspace(0, count - 1, min(count, _MOST_SAMPLED)).astype(int)
    return max(pictures[int(number)].shape[-1] for number in some)


def to_channels(picture: Array, channels: int) -> Array:
    """(H, W, C) to the wanted number of channels: grey repeated, or colours averaged."""
    if picture.shape[-1] == channels:
        return picture
    if channels == 3:
        return np.repeat(picture, 3, axis=-1)
    grey = picture.mean(axis=-1, keepdims=True)
    return np.asarray(np.rint(grey) if picture.dtype == np.uint8 else grey).astype(picture.dtype)


def as_floats(tiles: Array) -> npt.NDArray[np.float32]:
    """uint8 to floats in 0..1; floats as they are."""
    scale = np.float32(255 if tiles.dtype == np.uint8 else 1)
    return np.asarray(tiles, np.float32) / scale


def _size_in_header(path: Path) -> tuple[int, int] | None:
    """(height, width), without reading the pixels."""
    try:
        with Image.open(path) as image:
            return image.height, image.width
    except Exception as error:  # Pillow's plugins raise whatever a damaged file leads them to
        leave_out(path, error)
        return None


def _keras_dataset(name: str) -> Array:
    import keras

    try:
        (x_train, _), _ = getattr(keras.datasets, name).load_data()
    except Exception as error:  # the download raises whatever its libraries raise
        raise ImageError(f"{name}: Keras cannot download it ({error})") from error
    return np.asarray(x_train)
