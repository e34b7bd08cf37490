"""Checks of fully convolutional networks in Keras, and measurement of their receptive field."""

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

REMEDY = (
    'models for any size need padding="same" in all layers, and any number of code vectors, so '
    "layers must not halve the codes; or give the models a fixed input size"
)


def outputs_at(half: str, network: Any, inputs: Float32, sides: tuple[int, ...]) -> Float32:
    """Outputs of a Keras model for any size; ModelError unless they have these (height, width)."""
    size = f"{inputs.shape[2]}x{inputs.shape[1]}"
    try:
        outputs = outputs_of(network, inputs)
    except Exception as error:  # Keras and TensorFlow raise whatever they raise
        text = next((line for line in str(error).splitlines() if "__" in line), repr(error))
        raise ModelError(f"the {half} fails at an input of {size} ({text}): {REMEDY}") from error
    if outputs.shape[1:3] != sides:
        returned = f"{outputs.shape[2]}x{outputs.shape[1]} instead of {sides[1]}x{sides[0]}"
        raise ModelError(f"the {half} returns {returned} for an input of {size}: {REMEDY}")
    return outputs


def measure_receptive_field(
    encoder: Any, decoder: Any, tile: tuple[int, int], latents: Float32
) -> int:
    """Measure the largest distance, at least 1, at which a tile affects another, in tiles.

    The middle tile of a random picture, or the middle vector of random latents, is changed, and the
    outputs of the encoder or decoder are compared. `tile` is the (height, width) in pixels of a
    code vector; random vectors are drawn from the `latents` (N, h, w, K).

    Raises ModelError if a model does not process this number of tiles, or a change affects the
    whole picture, so that windows cannot be coded independently.
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
        _distance_of_change(half, network, random, cell, returned)
        for half, network, random, cell, returned in (
            ("encoder", encoder, random_picture, tile, (1, 1)),
            ("decoder", decoder, random_latents, (1, 1), tile),
        )
        for _ in range(_TRIALS)
    ]
    if max(distances) >= _SIDE // 2:
        raise ModelError(
            f"a change of one tile affects tiles at a distance of {max(distances)}: remove layers "
            "that see the whole picture, such as global pooling, so that it can be coded in windows"
        )
    return max(1, *distances)


def _distance_of_change(
    half: str,
    network: Any,
    random: Callable[[], Float32],
    cell: tuple[int, int],
    returned: tuple[int, int],
) -> int:
    """The largest distance in cells at which a change of the middle cell affects the output.

    `cell` and `returned` are the (height, width) of a cell in the input and in the output.
    """
    centre = _SIDE // 2
    original, replacement = random(), random()
    modified = original.copy()
    rows, columns = (slice(centre * side, (centre + 1) * side) for side in cell)
    modified[:, rows, columns] = replacement[:, rows, columns]
    sides = (_SIDE * returned[0], _SIDE * returned[1])
    before, after = (outputs_at(half, network, inputs, sides) for inputs in (original, modified))
    changed = (before != after).reshape(_SIDE, returned[0], _SIDE, returned[1], -1)
    by_cell = changed.any(axis=(1, 3, 4))
    return int(np.abs(np.argwhere(by_cell) - centre).max(initial=0))
