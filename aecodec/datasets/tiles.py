"""Training tiles, cut out of pictures at random positions that depend on a seed and the step."""

from __future__ import annotations

from copy import copy
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from aecodec.base.arrays import Float32, Pixels
from aecodec.datasets.pictures import Array, Pictures, hold_out, open_pictures
from aecodec.imaging import tiling
from aecodec.imaging.picture import Picture

_LEAST_SIDE, _LEAST_FACTOR = 3, 8
"""Minimum side of the reduced tile in pixels, and minimum factor of its enlargement."""

_MOST_MEASURED = 10_000_000
"""Maximum number of values in whole pictures for measuring."""

_GRAINS = (0.0, 0.7, 1.5)

_SIDE_UNIT, _LEAST_UNITS = 16, 2

_FLAT_EVERY = 16
"""One in so many tiles for priors is flat: enough to learn flat areas, without losses elsewhere."""


class Tiles:
    """Tiles cut out of pictures at random. A pass draws each pixel about once.

    Args:
        pictures: the pictures. Pictures smaller than a tile are padded by repeating their edges.
        tile: (height, width) of a tile in pixels.
        channels: channels of a tile: 1 (the mean of the colours) or 3.
        flips: whether to mirror tiles at random, in both directions.
        only: numbers of the pictures to use; all if None.
        seed: random seed. The same seed and step give the same batch.
        smooth: share of the tiles in a batch that are smoothed.
    """

    def __init__(
        self,
        pictures: Pictures,
        tile: tuple[int, int],
        channels: int,
        flips: bool = False,
        only: npt.NDArray[np.int64] | None = None,
        seed: int = 0,
        smooth: float = 0.0,
    ) -> None:
        self._pictures, self._flips, self._seed = pictures, flips, seed
        self._smooth = smooth
        self.shape = (*tile, channels)
        self._only = np.arange(len(pictures.sizes)) if only is None else only
        self._order = lru_cache(maxsize=2)(self._shuffle)

    @property
    def image_shape(self) -> tuple[int, int, int]:
        return self.shape

    def __len__(self) -> int:
        return len(self._sources)

    @cached_property
    def _sources(self) -> npt.NDArray[np.int64]:
        tiles = np.maximum(1, self.sizes // np.array(self.shape[:2])).prod(axis=1)
        return np.repeat(self._only, tiles)

    @property
    def sizes(self) -> npt.NDArray[np.int64]:
        """(N, 2) height and width of the used pictures in pixels."""
        return self._pictures.sizes[self._only]

    def split(self, share: float) -> tuple[Tiles, Tiles]:
        """Tiles for training, and tiles of an evenly spaced share (0..1) of held-out pictures."""
        trained, held_out = hold_out(self._pictures, share)
        return self._with(_only=trained), self._with(_only=held_out, _flips=False, _smooth=0.0)

    def of_side(self, side: int) -> Tiles:
        """Tiles of the same pictures with a different side; no tile is smoothed."""
        return self._with(shape=(side, side, self.shape[2]), _smooth=0.0)

    def _with(self, **attributes: Any) -> Tiles:
        tiles = copy(self)
        vars(tiles).pop("_sources", None)
        vars(tiles).update(attributes, _order=lru_cache(maxsize=2)(tiles._shuffle))
        return tiles

    def _shuffle(self, number: int) -> npt.NDArray[np.int64]:
        return np.random.default_rng([self._seed, 0, number]).permutation(self._sources)

    def batch(self, step: int, size: int) -> Float32:
        """The batch of a training step: (size, h, w, C) in 0..1, and weights if there are any."""
        tiles, rng = self._unsmoothed(step, size), np.random.default_rng([self._seed, 2, step])
        before, after = (int(self._smooth * size * n) for n in (step, step + 1))
        for number in range(after - before):
            tiles[number] = smooth_tile(tiles[number], rng)
        return self._as_batch(tiles)

    def _unsmoothed(self, step: int, size: int) -> Array:
        rng = np.random.default_rng([self._seed, 1, step])
        places = (divmod(step * size + n, len(self)) for n in range(size))
        sources = [self._order(number)[place] for number, place in places]
        return np.stack([self._cut(self._pictures[int(source)], rng) for source in sources])

    def sample(self, count: int, passes: int = 1) -> Float32:
        """The first `count` random tiles of some passes: (n, h, w, C) in 0..1, not smoothed."""
        return self._as_images(self._unsmoothed(0, min(count, passes * len(self))))

    def whole(self, count: int) -> Float32:
        """At most `count` tiles (n, h, w, C) in 0..1 along a grid; small pictures are padded."""
        return self._as_images(self._whole(count))

    def validation(self, count: int) -> Float32:
        return self._as_batch(self._whole(count))

    def _whole(self, count: int) -> Array:
        tiles: list[Array] = []
        for number in self._only:
            picture = self._pictures[int(number)]
            height, width = (
                max(side // own, 1) * own
                for side, own in zip(picture.shape[:2], self.shape[:2], strict=True)
            )
            picture = to_channels(picture[:height, :width], self.shape[-1])
            tiles.extend(tiling.split(picture[None], self.shape[:2]))
            if len(tiles) >= count:
                break
        return np.stack(tiles[:count])

    def to_measure(self, image_shape: tuple[int | None, ...], count: int) -> list[Float32]:
        """Arrays (n, h, w, C) for a codec: :meth:`whole`, or whole pictures of any size."""
        if None not in image_shape:
            return [self.whole(count)]
        numbers = self._only[:: -(-len(self._only) // count)]
        whole = whole_pictures(self._pictures, numbers, self.shape[2], _MOST_MEASURED)
        return [self._as_images(picture[None]) for picture in whole]

    def _as_images(self, tiles: Array) -> Float32:
        return as_floats(tiles)

    def _as_batch(self, tiles: Array) -> Float32:
        return self._as_images(tiles)

    def _cut(self, picture: Array, rng: np.random.Generator) -> Array:
        height, width = self.shape[:2]
        last = (max(0, picture.shape[0] - height), max(0, picture.shape[1] - width))
        top, left = (int(rng.integers(0, limit + 1)) for limit in last)
        tile = picture[top : top + height, left : left + width]
        missing = (0, height - tile.shape[0]), (0, width - tile.shape[1])
        tile = to_channels(np.pad(tile, [*missing, (0, 0)], "edge"), self.shape[-1])
        if not self._flips:
            return tile
        down, right = rng.integers(0, 2, 2)
        return tile[:: -1 if down else 1, :: -1 if right else 1]


def typical_side(sizes: npt.NDArray[np.int64]) -> int:
    """Median of the shorter sides of pictures (N, 2), as a multiple of 16 pixels from 32."""
    units = int(np.median(sizes.min(axis=1))) // _SIDE_UNIT
    return max(units, _LEAST_UNITS) * _SIDE_UNIT


def whole_pictures(
    pictures: Pictures, numbers: npt.NDArray[np.int64], channels: int, most: int
) -> list[Array]:
    """Evenly spaced pictures (H, W, C), at least one, with about `most` values or fewer."""
    values = int(pictures.sizes[numbers].prod(axis=1).sum()) * channels
    used = max(1, min(len(numbers), len(numbers) * most // values))
    places = np.linspace(0, len(numbers) - 1, used).round().astype(int)
    return [to_channels(pictures[int(number)], channels) for number in numbers[places]]


def held_out_pictures(data: str | Path, share: float, channels: int, most: int) -> list[Picture]:
    """Some whole pictures that training holds out; ImageError if there are none."""
    pictures = open_pictures(data)
    whole = whole_pictures(pictures, hold_out(pictures, share)[1], channels, most)
    return [Picture(as_uint8(as_floats(picture))[None]) for picture in whole]


def to_channels(picture: Array, channels: int) -> Array:
    """Convert a picture (H, W, C) to 1 or 3 channels. Grey is repeated; colours are averaged."""
    if picture.shape[-1] == channels:
        return picture
    if channels == 3:
        return np.repeat(picture, 3, axis=-1)
    grey = picture.mean(axis=-1, keepdims=True)
    return np.asarray(np.rint(grey) if picture.dtype == np.uint8 else grey).astype(picture.dtype)


def as_floats(tiles: Array) -> Float32:
    scale = np.float32(255 if tiles.dtype == np.uint8 else 1)
    return np.asarray(tiles, np.float32) / scale


def as_uint8(images: Float32) -> Pixels:
    return np.rint(images * 255).astype(np.uint8)


def smooth_tile(tile: Array, rng: np.random.Generator) -> Array:
    """Reduce a tile (h, w, C) to a few pixels, enlarge it again, and add grain.

    Borders of blocks are most visible in such tiles. Sides are at least 24; the dtype is kept.
    """
    side = int(rng.integers(_LEAST_SIDE, min(tile.shape[:2]) // _LEAST_FACTOR + 1))
    planes = [_enlarged(tile[..., channel], side) for channel in range(tile.shape[-1])]
    is_integer = tile.dtype == np.uint8
    grain = rng.choice(_GRAINS) * rng.standard_normal((*tile.shape[:2], 1))
    largest = 255 if is_integer else 1
    pixels = np.clip(np.stack(planes, -1) + grain * largest / 255, 0, largest)
    return np.asarray(np.rint(pixels) if is_integer else pixels).astype(tile.dtype)


def with_flat_areas(tiles: Float32) -> Float32:
    """Give every 16th tile (n, h, w, C) the colour of its first pixel, and return all tiles.

    Photographs contain too few areas of a single colour for priors to learn that they cost nothing.
    """
    tiles[::_FLAT_EVERY] = tiles[::_FLAT_EVERY, :1, :1]
    return tiles


def _enlarged(plane: Array, side: int) -> Float32:
    reduced = Image.fromarray(plane.astype(np.float32)).resize((side, side), Image.Resampling.BOX)
    return np.asarray(reduced.resize(plane.shape[::-1], Image.Resampling.BICUBIC))
