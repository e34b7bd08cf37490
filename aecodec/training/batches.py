"""Batches of images for Keras, prepared in parallel during training."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from aecodec.arrays import Float32
from aecodec.datasets.tiles import Tiles
from aecodec.keras_models.pair import KerasPair
from aecodec.parallel import cores

ENDLESS = 1 << 40
"""Number of steps or epochs of a loop that ends for another reason."""

_PREFETCHED = 2


def shaped_for(pair: KerasPair, tiles: Float32) -> Float32:
    """Tiles (N, h, w, C) in the encoder's input shape, which may lack the last axis."""
    return tiles.reshape(tiles.shape[: len(pair.image_shape) + 1])


def batches_of(tiles: Tiles, pair: KerasPair, batch_size: int, start: int) -> Any:
    """Endless batches of tiles for a pair's encoder, from the batch with the number `start`."""
    shape = shaped_for(pair, tiles.batch(start, batch_size)).shape

    def array(step: Any) -> Float32:
        return shaped_for(pair, tiles.batch(int(step), batch_size))

    def batch(step: Any) -> Any:
        return tf.ensure_shape(tf.numpy_function(array, [step], tf.float32), shape)

    steps = tf.data.Dataset.range(start, ENDLESS)
    return _without_tuning(steps.map(batch, cores()).prefetch(_PREFETCHED))


def in_order(images: Float32, batch_size: int) -> Any:
    """Batches of images in order."""
    return _without_tuning(tf.data.Dataset.from_tensor_slices(images).batch(batch_size))


def _without_tuning(batches: Any) -> Any:
    """Disable tuning, whose thread TensorFlow waits for up to a minute after the pipeline ends."""
    options = tf.data.Options()
    options.autotune.enabled = False
    return batches.with_options(options)
