"""Measure the receptive field of fully convolutional networks in Keras."""

from __future__ import annotations

from typing import Any

import numpy as np

from aecodec.base.arrays import Float32
from aecodec.base.errors import ModelError
from aecodec.keras_models.runners import outputs_of

_SIDE = 33
_TRIALS = 4

_REMEDY = (
    'use padding="same" in all layers, and do not downsample the codes, because models for '
    "any size must accept any number of code vectors. Alternatively, set a fixed input size"
)
_LOCAL = (
    "remove layers that see the whole picture, such as global pooling, so that pictures can be "
    "coded in windows"
)


def measure_receptive_field(
    encoder: Any, decoder: Any, tile: tuple[int, int], latents: Float32
) -> int:
    """Measure the largest distance, at least 1, at which a tile affects another, in tiles.

    The middle of random pictures or latents is changed, and outputs are compared. `tile` is the
    (height, width) in pixels of a code vector; vectors are drawn from the `latents` (N, h, w, K).

    Raises ModelError if a model does not process this number of tiles, or a change affects the
    whole picture, so that windows cannot be coded independently.
    """
    rng, vectors = np.random.default_rng(0), latents.reshape(-1, latents.shape[-1])
    sides, distances = (_SIDE * tile[0], _SIDE * tile[1]), [1]
    for _ in range(_TRIALS):
        pictures = rng.random((2, *sides, encoder.input_shape[-1]), np.float32)
        distances.append(_distance_of_change("encoder", encoder, pictures, (_SIDE, _SIDE)))
        drawn = vectors[rng.integers(0, len(vectors), (2, _SIDE, _SIDE))]
        distances.append(_distance_of_change("decoder", decoder, drawn, sides))
    if max(distances) >= _SIDE // 2:
        raise ModelError(f"a change in one tile has effects {max(distances)} tiles away: {_LOCAL}")
    return max(distances)


def _distance_of_change(half: str, network: Any, pair: Float32, sides: tuple[int, int]) -> int:
    """Largest distance of a change, when the middle cell of the first input is replaced."""
    centre, cell = _SIDE // 2, (pair.shape[1] // _SIDE, pair.shape[2] // _SIDE)
    rows, columns = (slice(centre * side, (centre + 1) * side) for side in cell)
    modified = pair[:1].copy()
    modified[:, rows, columns] = pair[1:, rows, columns]
    before, after = (_outputs(half, network, inputs, sides) for inputs in (pair[:1], modified))
    changed = (before != after).reshape(_SIDE, sides[0] // _SIDE, _SIDE, sides[1] // _SIDE, -1)
    return int(np.abs(np.argwhere(changed.any(axis=(1, 3, 4))) - centre).max(initial=0))


def _outputs(half: str, network: Any, inputs: Float32, sides: tuple[int, int]) -> Float32:
    size = f"{inputs.shape[2]}x{inputs.shape[1]}"
    try:
        outputs = outputs_of(network, inputs)
    except Exception as error:  # Keras and TensorFlow raise whatever they raise
        text = next((line for line in str(error).splitlines() if "__" in line), repr(error))
        raise ModelError(f"the {half} fails for an input of {size} ({text}): {_REMEDY}") from error
    if outputs.shape[1:3] != sides:
        returned = f"{outputs.shape[2]}x{outputs.shape[1]} instead of {sides[1]}x{sides[0]}"
        raise ModelError(f"for an input of {size}, the {half} returns {returned}: {_REMEDY}")
    return outputs
