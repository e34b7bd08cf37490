"""Pictures for training: arrays, data sets, generators, folders and files become batches."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain, count
from pathlib import Path
from typing import Any, NamedTuple

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from aecodec.arrays import Float32
from aecodec.datasets.pictures import ArrayPictures, open_pictures
from aecodec.datasets.tiles import Tiles, typical_side
from aecodec.errors import ModelError, UsageError, errors_about, warn
from aecodec.keras_models.pair import KerasPair
from aecodec.parallel import cores
from aecodec.training.losses import TrainingOptions

ENDLESS = 1 << 40
_PREFETCHED = 2
_BATCH_SIZE = 128
_MOST_VALIDATED = 2_000_000
_MOST_BYTES = 4 << 30
_LARGEST_WHOLE, _LARGEST_SIDE = 512, 192
"""Largest side of pictures of one size that are not cut, and of the tiles of other pictures."""


def shaped_for(pair: KerasPair, tiles: Float32) -> Float32:
    """Tiles (N, h, w, C) in the encoder's input shape, which may lack the last axis."""
    return tiles.reshape(tiles.shape[: len(pair.image_shape) + 1])


class Stream:
    """Batches of a data set or a generator as they come, from the start again when they end."""

    def __init__(self, source: Any, pair: KerasPair) -> None:
        batches = _endless(source, pair)
        self._first = next(batches)
        self._batches = chain([self._first], batches)
        self.shape = (*self._first.shape[1:], 1)[:3]

    def batch(self, _step: int, _size: int) -> Float32:
        batch = next(self._batches)
        if batch.shape[1:] != self._first.shape[1:]:
            raise _different_shapes({batch.shape[1:], self._first.shape[1:]})
        return batch

    def sample(self, most: int) -> Float32:
        return self._first[:most]


def _endless(source: Any, pair: KerasPair) -> Iterator[Float32]:
    while True:
        is_empty = True
        for batch in _pass_over(source, pair):
            is_empty = False
            yield batch
        if is_empty:
            raise UsageError("the data end before the training: reduce steps_per_epoch or epochs")


def _pass_over(source: Any, pair: KerasPair) -> Iterator[Float32]:
    """The checked images of each batch; targets after the images are ignored."""
    batches = source
    if isinstance(source, keras.utils.PyDataset):
        numbers = count() if source.num_batches is None else range(source.num_batches)
        batches = map(source.__getitem__, numbers)
    for number, batch in enumerate(batches, 1):
        images = np.asarray(batch[0] if isinstance(batch, tuple | list) else batch)
        if _is_image(images, pair):  # of a data set without batches
            images = images[None]
        with errors_about(f"batch {number}"):
            checked = pair.checked(images)
        yield checked
    if isinstance(source, keras.utils.PyDataset):
        source.on_epoch_end()


def _different_shapes(shapes: set[tuple[int, ...]]) -> ModelError:
    text = f"the images have the shapes {sorted(shapes)}" if shapes else "there are no images"
    return ModelError(f"{text}: give one or more images of one shape")


def _is_image(images: npt.NDArray[Any], pair: KerasPair) -> bool:
    shape, own = (*images.shape, 1)[:3], (*pair.image_shape, 1)[:3]
    is_single = images.ndim < 4 and len(shape) == len(own)
    return is_single and all(a in (None, b) for a, b in zip(own, shape, strict=True))


def _joined(source: Any, pair: KerasPair) -> tuple[Float32, int]:
    """All images of a data set, and the size of its first batch."""
    parts: list[Float32] = []
    is_endless = isinstance(source, tf.data.Dataset) and source.cardinality() == -1
    for batch in _pass_over(source, pair):
        parts.append(batch)
        if is_endless or batch.nbytes * len(parts) > _MOST_BYTES:
            raise UsageError(
                f"the data have no end, or more than {_MOST_BYTES >> 30} GiB: give "
                "steps_per_epoch, to train with the batches as they come"
            )
    shapes = {part.shape[1:] for part in parts}
    if len(shapes) != 1:
        raise _different_shapes(shapes)
    images = np.concatenate(parts)
    if not isinstance(source, Iterator):
        known, again = (
            {hash(image.tobytes()) for image in images},
            next(_pass_over(source, pair), ()),
        )
        if any(hash(image.tobytes()) not in known for image in again):
            warn("each pass over the data has new images: give steps_per_epoch to train with them")
    return images, len(parts[0])


def tiles_of(source: Any, pair: KerasPair, seed: int = 0) -> tuple[Tiles, int | None]:
    """Tiles of a source of pictures as in :meth:`Autoencoder.train`, and the size of its batches.

    Raises ModelError or ImageError if the pictures do not fit the encoder, and UsageError if a data
    set does not fit into memory.
    """
    if isinstance(source, Tiles):
        return source, None
    paths = [source] if isinstance(source, str | Path) else source
    if isinstance(paths, list) and paths and isinstance(paths[0], str | Path):
        pictures = open_pictures(*paths)
        tile = _tile_of(pictures.sizes, pair)
        return Tiles(pictures, tile, (*pair.image_shape, 1)[2], seed=seed), None
    images, size = _joined(source, pair) if _has_batches(source) else (pair.checked(source), None)
    shape = (*images.shape[1:], 1)
    return Tiles(ArrayPictures(images), shape[:2], shape[2], seed=seed), size


def _has_batches(source: Any) -> bool:
    is_iterable = hasattr(source, "__iter__") or isinstance(source, keras.utils.PyDataset)
    return is_iterable and not isinstance(source, np.ndarray | Tiles | str | Path)


def _tile_of(sizes: npt.NDArray[np.int64], pair: KerasPair) -> tuple[int, int]:
    """Sides of the encoder's images; for any size, those of the pictures, or of a part."""
    height, width = pair.image_shape[:2]
    if height and width:
        return height, width
    if (sizes == sizes[0]).all() and sizes.max() <= _LARGEST_WHOLE:
        return int(sizes[0, 0]), int(sizes[0, 1])
    return (min(_LARGEST_SIDE, typical_side(sizes)),) * 2


def images_of(source: Any, pair: KerasPair) -> Float32:
    """All images of a source as an array (N, *image_shape)."""
    if isinstance(source, np.ndarray):
        return pair.checked(source)
    tiles = tiles_of(source, pair)[0]
    return shaped_for(pair, tiles.whole(len(tiles)))


class Data(NamedTuple):
    """Batches for training, their size and number per epoch, and held-out images."""

    tiles: Tiles | Stream
    batch_size: int
    steps: int
    held_out: Float32 | None

    def batches(self, pair: KerasPair, start: int, errors: list[Exception]) -> Any:
        """Endless batches from the number `start`; errors are also added to a list."""
        is_stream = isinstance(self.tiles, Stream)

        def array(step: Any) -> Float32:
            try:
                return shaped_for(pair, self.tiles.batch(int(step), self.batch_size))
            except Exception as error:
                errors.append(error)
                raise

        def batch(step: Any) -> Any:
            return tf.ensure_shape(tf.numpy_function(array, [step], tf.float32), shape)

        first = self.tiles.sample(1) if is_stream else array(start)
        shape = (None if is_stream else self.batch_size, *first.shape[1:])
        steps = tf.data.Dataset.range(start, ENDLESS)
        batches = steps.map(batch, None if is_stream else cores())
        return _without_tuning(batches.prefetch(_PREFETCHED))

    def validation(self) -> Any:
        if self.held_out is None:
            return None
        images = tf.data.Dataset.from_tensor_slices(self.held_out)
        return _without_tuning(images.batch(self.batch_size))


def data_of(
    pair: KerasPair, x: Any, validation: Any, batch_size: int | None, options: TrainingOptions
) -> Data:
    """Data of a training; the arguments are those of :meth:`Autoencoder.train`."""
    share, steps, held_out = options.validation_split, options.steps_per_epoch, None
    tiles: Tiles | Stream
    if steps and _has_batches(x):
        tiles = Stream(x, pair)
    else:
        tiles, own_size = tiles_of(x, pair, options.seed)
        batch_size = batch_size or own_size
    if share:
        tiles, held_out = _split(tiles, share, validation)
    elif validation is not None:
        with errors_about("validation_data"):
            held_out = tiles_of(validation, pair)[0]
    size = batch_size or _BATCH_SIZE
    if isinstance(tiles, Tiles):
        size = min(size, len(tiles))
        steps = steps or len(tiles) // size
    assert steps
    most = _MOST_VALIDATED // math.prod(tiles.shape) if isinstance(validation, Tiles) else ENDLESS
    images = None if held_out is None else shaped_for(pair, held_out.validation(max(1, most)))
    return Data(tiles, size, steps, images)


def _split(tiles: Tiles | Stream, share: float, validation: Any) -> tuple[Tiles, Tiles]:
    if not 0 < share < 1 or isinstance(tiles, Stream) or validation is not None:
        raise UsageError(
            "validation_split is a share from 0 to 1, for data without validation_data and "
            "steps_per_epoch"
        )
    return tiles.split(share)


@contextmanager
def unwrapped(errors: list[Exception]) -> Iterator[None]:
    """Raise errors of :meth:`Data.batches` themselves, which TensorFlow turns into texts."""
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
