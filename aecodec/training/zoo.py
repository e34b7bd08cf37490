"""The ready-made pairs, by the names that recipes use."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from aecodec.arrays import Float32
from aecodec.training.networks.batchnorm_folding import normalized_copy
from aecodec.training.networks.convolutional import LARGE, picture_pair, start_from_klt
from aecodec.training.networks.quantization_aware import qat_copy
from aecodec.training.networks.tile import tile_pair


@dataclass(frozen=True)
class ReadyMade:
    """How a pair is built, initialized and copied for quantization-aware training.

    Attributes:
        build: makes encoder and decoder from tile shape (h, w, C) and code dimension.
        shares_channels: whether all levels share the channels of the latents, and differ by gains.
        start: sets the weights of encoder and decoder from a sample of tiles (N, h, w, C), and the
            channels and rate weights of the levels.
        qat_copy: makes the quantization-aware copy of a model, from the model, its typical inputs
            and a Keras policy.
    """

    build: Callable[[tuple[int, int, int], int], tuple[Any, Any]]
    shares_channels: bool
    start: Callable[[Any, Any, Float32, list[int], list[float]], None]
    qat_copy: Callable[[Any, Float32, str], Any]


def _keep_initial_weights(*_: Any) -> None:
    """The weights stay as Keras initialized them."""


def _rounding_copy(model: Any, _: Float32, dtype: str) -> Any:
    return qat_copy(model, dtype)


PAIRS = {
    "tile": ReadyMade(tile_pair, False, _keep_initial_weights, _rounding_copy),
    "picture": ReadyMade(picture_pair, True, start_from_klt, normalized_copy),
    "photo": ReadyMade(partial(picture_pair, stages=LARGE), True, start_from_klt, normalized_copy),
}
