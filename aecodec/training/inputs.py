"""Pictures for training: arrays, data sets, generators, folders and files become batches."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf

from aecodec.base.arrays import Float32
from aecodec.base.errors import ModelError, UsageError, errors_about
from aecodec.base.parallel import cores
from aecodec.datasets.pictures import ArrayPictures, open_pictures
from aecodec.datasets.tiles import Tiles, typical_side
from aecodec.keras_models.pair import KerasPair
from aecodec.training.losses import TrainingOptions

ENDLESS = 1 << 40
_PREFETCHED = 2
_BATCH_SIZE = 128
_MOST_VALIDATED = 2_000_000
_MOST_BYTES = 4 << 30
_LARGEST_SIDE = 192
"""Maximum side of tiles from files, for an encoder that accepts any size."""


def shaped_for(pair: KerasPair, tiles: Float32) -> Float32:
    """Tiles (N, h, w, C) in the encoder's input shape, which may lack the last axis."""
    return tiles.reshape(tiles.shape[: len(pair.image_shape) + 1])


def _joined(batches: Iterable[Any], pair: KerasPair) -> tuple[Float32, int]:
    """All images of a data set without its targets, and the size of its first batch."""
    parts: list[Float32] = []
    for number, batch in enumerate(batches, 1):
        images = batch[0] if isinstance(batch, tuple | list) else batch
        with errors_about(f"batch {number}"):
            parts.append(pair.checked(np.asarray(images)))
        if parts[0].nbytes * number > _MOST_BYTES:
            raise UsageError(
                f"the data are endless, or exceed {_MOST_BYTES >> 30} GiB: pass fewer batches, "
                "or a folder of images, which training reads as needed"
            )
    shapes = sorted({part.shape[1:] for part in parts})
    if len(shapes) != 1:
        raise ModelError(f"the images have the shapes {shapes}: use images of the same shape")
    return np.concatenate(parts), len(parts[0])


def tiles_of(source: Any, pair: KerasPair, seed: int = 0) -> tuple[Tiles, int | None]:
    """Tiles of the pictures for :meth:`Autoencoder.train`, and the batch size of a data set.

    Raises ModelError or ImageError if the pictures do not fit the encoder, and UsageError if a data
    set does not fit into memory.
    """
    if isinstance(source, Tiles):
        return source, None
    paths = [source] if isinstance(source, str | Path) else source
    if isinstance(paths, list) and paths and isinstance(paths[0], str | Path):
        pictures = open_pictures(*paths)
        side = min(_LARGEST_SIDE, typical_side(pictures.sizes))
        height, width, channels = (*pair.image_shape, 1)[:3]
        return Tiles(pictures, (height or side, width or side), channels, seed=seed), None
    size = None
    if isinstance(source, keras.utils.PyDataset):
        source = map(source.__getitem__, range(source.num_batches or 0))
    if isinstance(source, Iterable) and not isinstance(source, np.ndarray):
        source, size = _joined(source, pair)
    images = pair.checked(source)
    shape = (*images.shape[1:], 1)
    return Tiles(ArrayPictures(images), shape[:2], shape[2], seed=seed), size


def images_of(source: Any, pair: KerasPair) -> Float32:
    """All images of a source as an array (N, *image_shape)."""
    if isinstance(source, np.ndarray):
        return pair.checked(source)
    tiles = tiles_of(source, pair)[0]
    return shaped_for(pair, tiles.whole(len(tiles)))


class Data(NamedTuple):
    """Batches for training, their size and number per epoch, and held-out images."""

    tiles: Tiles
    batch_size: int
    steps: int
    held_out: Float32 | None

    def batches(self, pair: KerasPair, start: int, errors: list[Exception]) -> Any:
        """Endless batches from number `start`; errors are raised, and added to a list."""

        def array(step: Any) -> Float32:
            try:
                return shaped_for(pair, self.tiles.batch(int(step), self.batch_size))
            except Exception as error:
                errors.append(error)
                raise

        def batch(step: Any) -> Any:
            return tf.ensure_shape(tf.numpy_function(array, [step], tf.float32), shape)

        shape = array(start).shape
        steps = tf.data.Dataset.range(start, ENDLESS)
        return _without_tuning(steps.map(batch, cores()).prefetch(_PREFETCHED))

    def validation(self) -> Any:
        if self.held_out is None:
            return None
        images = tf.data.Dataset.from_tensor_slices(self.held_out)
        return _without_tuning(images.batch(self.batch_size))


def data_of(
    pair: KerasPair, x: Any, validation: Any, batch_size: int | None, options: TrainingOptions
) -> Data:
    """Data for training, from the arguments of :meth:`Autoencoder.train`."""
    tiles, own_size = tiles_of(x, pair, options.seed)
    tiles, held_out = _split(tiles, pair, validation, options.validation_split)
    size = min(batch_size or own_size or _BATCH_SIZE, len(tiles))
    most = _MOST_VALIDATED // math.prod(tiles.shape) if isinstance(validation, Tiles) else ENDLESS
    images = None if held_out is None else shaped_for(pair, held_out.validation(max(1, most)))
    return Data(tiles, size, len(tiles) // size, images)


def _split(
    tiles: Tiles, pair: KerasPair, validation: Any, share: float
) -> tuple[Tiles, Tiles | None]:
    """Tiles to train on, and those that are held out, if any."""
    if share:
        if not 0 < share < 1 or validation is not None:
            raise UsageError("use validation_split (between 0 and 1) or validation_data, not both")
        return tiles.split(share)
    if validation is None:
        return tiles, None
    with errors_about("validation_data"):
        return tiles, tiles_of(validation, pair)[0]


@contextmanager
def unwrapped(errors: list[Exception]) -> Iterator[None]:
    """Raise the original errors of :meth:`Data.batches`, which TensorFlow turns into text."""
    try:
        yield
    except tf.errors.OpError:
        if errors:
            raise errors[0] from None
        raise


def _without_tuning(batches: Any) -> Any:
    """Disable tuning, whose thread TensorFlow waits for up to a minute after the pipeline ends."""
    options = tf.data.Options()
    options.autotune.enabled = False
    return batches.with_options(options)
