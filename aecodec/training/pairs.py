"""The ready-made pairs by the names that recipes use."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from aecodec.training.int8_twin import int8_twin
from aecodec.training.networks import tile_pair
from aecodec.training.normalization import normalized_twin
from aecodec.training.picture import (
    LARGE,
    picture_pair,
    start_from_klt,
)


@dataclass(frozen=True)
class ReadyMade:
    """How a pair is built, and where its training starts.

    Attributes:
        build: tile shape (h, w, C) and code dimension to encoder and decoder.
        shares_channels: whether all levels share the channels of the code, and differ by gains.
        start: sets the pair's weights from a sample of tiles (N, h, w, C), and the channels and
            rate weights of the levels.
        twin: what of a model is trained: from the model, its typical inputs and Keras's policy.
    """

    build: Callable[[tuple[int, int, int], int], tuple[Any, Any]]
    shares_channels: bool
    start: Callable[[Any, Any, npt.NDArray[np.float32], list[int], list[float]], None]
    twin: Callable[[Any, npt.NDArray[np.float32], str], Any]


def _as_initialized(*_: Any) -> None:
    pass


def _rounding_twin(model: Any, _: Any, dtype: str) -> Any:
    return int8_twin(model, dtype)


PAIRS = {
    "tile": ReadyMade(tile_pair, False, _as_initialized, _rounding_twin),
    "picture": ReadyMade(picture_pair, True, start_from_klt, normalized_twin),
    "photo": ReadyMade(partial(picture_pair, stages=LARGE), True, start_from_klt, normalized_twin),
}
