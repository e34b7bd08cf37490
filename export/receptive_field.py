"""Measurement of the receptive field of fully convolutional networks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from aecodec.arrays import Float32
from aecodec.errors import ModelError
from aecodec.keras_models.runners import outputs_of

_SIDE = 33
"""Side of the random pictures, in tiles."""

_TRIALS = 4


def measure_receptive_field(
    encoder: Any, decoder: Any, tile: tuple[int, int], latents: Float32
) -> int:
    """Measure the largest distance, at least 1, at which a tile affects another, in tiles.

    The middle tile of a random picture, or the middle vector of random latents, is changed, and the
    outputs of the encoder or decoder are compared. `tile` is the (height, width) in pixels of a
    code vector; random vectors are drawn from the `latents` (N, h, w, K).

    Raises ModelError if a change affects the whole picture, so that windows cannot be coded
    independently.
    """
    rng = np.random.default_rng(0)
    channels = encoder.input_shape[-1]
    vectors = latents.reshape(-1, latents.shape[-1])

    def random_picture() -> Float32:
        return rng.random((1, _SIDE * tile[0], _SIDE * tile[1], channels), np.float32)

    def random_latents() -> Float32:
        drawn = rng.integers(0, len(vectors), _SIDE**2)
        return vectors[drawn].reshape(1, _SIDE, _SIDE, -1)

    distances = [
        _distance_of_change(network, random, cell)
        for network, random, cell in (
            (encoder, random_picture, tile),
            (decoder, random_latents, (1, 1)),
        )
        for _ in range(_TRIALS)
    ]
    if max(distances) >= _SIDE // 2:
        raise ModelError(
            f"a change of one tile affects tiles at a distance of {max(distances)}: remove layers "
            "that see the whole picture, such as global pooling, so that it can be coded in windows"
        )
    return max(1, *distances)


def _distance_of_change(network: Any, random: Callable[[], Float32], cell: tuple[int, int]) -> int:
    """The largest distance in cells at which a change of the middle cell affects the output."""
    centre = _SIDE // 2
    original, replacement = random(), random()
    modified = original.copy()
    rows, columns = (slice(centre * side, (centre + 1) * side) for side in cell)
    modified[:, rows, columns] = replacement[:, rows, columns]
    changed = outputs_of(network, original) != outputs_of(network, modified)
    height, width = changed.shape[1] // _SIDE, changed.shape[2] // _SIDE
    by_cell = changed.reshape(_SIDE, height, _SIDE, width, -1).any(axis=(1, 3, 4))
    return int(np.abs(np.argwhere(by_cell) - centre).max(initial=0))
