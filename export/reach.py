"""How far beyond a tile fully convolutional networks look."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from aecodec.errors import ModelError

Floats = npt.NDArray[np.float32]

_SIDE = 33
_TRIALS = 4


def reach_of(encoder: Any, decoder: Any, tile: tuple[int, int], latents: Floats) -> int:
    """The distance in tiles at which a change of one tile still shows, through either network.

    Found by trial: one tile of a random picture (or code) is changed, and the changes counted.

    Args:
        encoder: a fully convolutional Keras model.
        decoder: another.
        tile: (height, width) in pixels of one code vector's share of the picture.
        latents: (N, h, w, K) of pictures, to draw likely codes from.

    Raises:
        ModelError: it shows everywhere, so that windows of a picture cannot be coded apart.
    """
    rng = np.random.default_rng(0)
    channels = encoder.input_shape[-1]
    vectors = latents.reshape(-1, latents.shape[-1])

    def picture() -> Floats:
        return rng.random((1, _SIDE * tile[0], _SIDE * tile[1], channels), np.float32)

    def code() -> Floats:
        drawn = rng.integers(0, len(vectors), _SIDE**2)
        return vectors[drawn].reshape(1, _SIDE, _SIDE, -1)

    trials = [
        _reach(network, each, cell)
        for network, random, cell in ((encoder, picture, tile), (decoder, code, (1, 1)))
        for each in [random] * _TRIALS
    ]
    if max(trials) >= _SIDE // 2:
        raise ModelError(
            f"a change of one tile shows {max(trials)} tiles away and more: without layers that "
            "see the whole picture, such as pooling over all of it, windows can be coded apart"
        )
    return max(1, *trials)


def _reach(network: Any, random: Callable[[], Floats], cell: tuple[int, int]) -> int:
    centre = _SIDE // 2
    before, other = random(), random()
    after = before.copy()
    rows, columns = (slice(centre * side, (centre + 1) * side) for side in cell)
    after[:, rows, columns] = other[:, rows, columns]
    changed = network.predict(before, verbose=0) != network.predict(after, verbose=0)
    height, width = changed.shape[1] // _SIDE, changed.shape[2] // _SIDE
    by_tile = changed.reshape(_SIDE, height, _SIDE, width, -1).any(axis=(1, 3, 4))
    return int(np.abs(np.argwhere(by_tile) - centre).max(initial=0))
