"""Removal of the mean error of trained networks.

Convolutions pad with zeros. Most vectors of a small crop lie near its borders, and networks learn
to compensate the zeros, also where a whole picture has none. Integers add shifts of their own, of a
quarter of a grey level. A draft of the codec shows the sum of all.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from typing import Any

import numpy as np

from aecodec.arrays import Float32, Float64, Pixels
from aecodec.codec.codec import Codec
from aecodec.datasets.tiles import as_uint8
from aecodec.keras_models.roles import Role, layer_with
from aecodec.training.autoencoder import Autoencoder


def centre(
    autoencoder: Autoencoder, tiles: Float32, levels: int, pictures: Sequence[Float32]
) -> None:
    """Give decoded pictures, over all levels, the mean of the originals in each channel.

    The bias of the decoder's linear path changes. The networks are those of
    :func:`~aecodec.training.networks.convolutional.picture_pair`, with gains. The tiles (N, h, w,
    C) calibrate a draft of the codec; whole pictures (1, H, W, C) are measured. All are in 0..1.
    """
    with tempfile.TemporaryDirectory() as folder:
        options: dict[str, Any] = {"levels": levels, "priors": 1, "context_units": 0}
        draft = autoencoder.to_codec(folder, tiles, "draft", held_out=(), **options)
        shift = np.mean([_shift(draft, as_uint8(picture)) for picture in pictures], axis=0) / 255
    linear = layer_with(autoencoder.decoder, Role.LINEAR_PIXELS)
    kernel, bias = linear.get_weights()
    linear.set_weights([kernel, bias - np.tile(shift, len(bias) // len(shift))])


def _shift(codec: Codec, picture: Pixels) -> Float64:
    """Mean error (C,) of a picture (1, H, W, C) over all levels, in grey levels."""
    size = picture.shape[2], picture.shape[1]
    decoded = [
        codec.decoder.reconstruct(codec.encoder.codes(picture, level), level, size)
        for level in range(1, len(codec.spec.levels) + 1)
    ]
    means = np.mean(decoded, axis=(0, 1, 2, 3), dtype=np.float64)
    return np.asarray(means - picture.mean(axis=(0, 1, 2), dtype=np.float64))
