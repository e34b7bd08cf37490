"""Training tiles of scenes with bands, with the weights of their samples in the loss."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from aecodec.arrays import Float32
from aecodec.datasets.folders_and_arrays import Array
from aecodec.datasets.tiles import Tiles
from aecodec.datasets.transfer_fitting import FittedTransfer
from aecodec.imaging.missing import fill
from aecodec.imaging.picture import Picture


class ScenePictures:
    """Scenes with one frame each as values, with missing samples filled."""

    def __init__(self, scenes: Sequence[Picture], fitted: FittedTransfer) -> None:
        self.has_missing = any(scene.missing is not None for scene in scenes)
        self._values = [self._converted(scene, fitted) for scene in scenes]
        self.sizes = np.array([values.shape[:2] for values in self._values], np.int64)

    def __getitem__(self, number: int) -> Array:
        """(H, W, B) uint16 values, and (H, W, 2 B) if samples are missing, with 1 for these."""
        return self._values[number]

    def _converted(self, scene: Picture, fitted: FittedTransfer) -> Array:
        values = fitted.transfer.to_values(scene.pixels)
        if scene.missing is not None:
            fill(values, scene.missing)
        if not self.has_missing:
            return values[0]
        missing = False if scene.missing is None else scene.missing[0]
        return np.concatenate([values[0], np.broadcast_to(missing, values.shape[1:])], axis=-1)


class BandTiles(Tiles):
    """Tiles of scenes with bands. A batch has B channels of images and B channels of weights.

    A tile has (height, width) pixels; `flips` mirrors tiles at random in both directions. `only`
    are the numbers of the scenes to use. The same seed and step give the same batch.
    """

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
        self._scenes, self._fitted, self._weights = pictures, fitted, fitted.weights

    @property
    def image_shape(self) -> tuple[int, int, int]:
        return (*self.shape[:2], self._bands)

    @property
    def scales(self) -> Float32:
        """(B,) square roots of the mean weights of the bands."""
        tiles = self._unsmoothed(0, min(len(self), 500))
        return np.sqrt(self._weights_of(tiles).mean(axis=(0, 1, 2)))

    def of_side(self, side: int) -> BandTiles:
        tile = (side, side)
        return BandTiles(self._scenes, self._fitted, tile, self._flips, self._only, self._seed)

    def _as_images(self, tiles: Array) -> Float32:
        return np.asarray(tiles[..., : self._bands] / np.float32(self._most), np.float32)

    def _as_batch(self, tiles: Array) -> Float32:
        return np.concatenate([self._as_images(tiles), self._weights_of(tiles)], axis=-1)

    def _weights_of(self, tiles: Array) -> Float32:
        """(N, h, w, B) weights of the samples; 0 for missing samples."""
        bands = range(self._bands)
        planes = [self._weights[band][tiles[..., band]] for band in bands]
        weights: Float32 = np.stack(planes, axis=-1)
        if self._scenes.has_missing:
            weights[tiles[..., self._bands :] > 0] = 0
        return weights
