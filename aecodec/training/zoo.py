"""The pairs of networks, by the names that recipes use."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from aecodec import data
from aecodec.arrays import Float32
from aecodec.errors import UsageError
from aecodec.keras_models.model_files import imported_object
from aecodec.keras_models.roles import Role
from aecodec.training.networks.bands import band_pair, start_from_block_klt
from aecodec.training.networks.batchnorm_folding import normalized_copy
from aecodec.training.networks.convolutional import LARGE, picture_pair, start_from_klt
from aecodec.training.networks.quantization_aware import qat_copy
from aecodec.training.networks.tile import tile_pair

SHIPPED = Path(data.__file__).with_name("starts") / "picture.npz"


@dataclass(frozen=True)
class ReadyMade:
    """Functions that build, initialize and copy a pair for quantization-aware training.

    Attributes:
        build: makes encoder and decoder for a tile shape (h, w, C) and a code dimension.
        shares_channels: whether all levels share the channels of the latents, and differ in gains.
        start: initializes the weights of encoder and decoder from a sample of tiles (N, h, w, C)
            and the channels and rate weights of the levels. For bands, the scales of
            :class:`~aecodec.datasets.band_tiles.BandTiles` follow.
        qat_copy: makes the quantization-aware copy of a model, from the model, typical inputs and a
            Keras policy.
        shipped: file with trained networks, which are the start if their shapes fit; or None. See
            :mod:`aecodec.training.shipped_start`.
    """

    build: Callable[[tuple[int, int, int], int], tuple[Any, Any]]
    shares_channels: bool
    start: Callable[..., None]
    qat_copy: Callable[[Any, Float32, str], Any]
    shipped: Path | None = None


def _keep_initial_weights(*_: Any) -> None:
    """Keep the weights as initialized by Keras."""


def _rounding_copy(model: Any, _: Float32, dtype: str) -> Any:
    return qat_copy(model, dtype)


PAIRS = {
    "tile": ReadyMade(tile_pair, False, _keep_initial_weights, _rounding_copy),
    "picture": ReadyMade(picture_pair, True, start_from_klt, normalized_copy, SHIPPED),
    "bands": ReadyMade(
        band_pair,
        True,
        start_from_block_klt,
        partial(normalized_copy, exact={Role.LATENTS, Role.LINEAR_PIXELS}),  # dithered over phases
    ),
    "photo": ReadyMade(partial(picture_pair, stages=LARGE), True, start_from_klt, normalized_copy),
}


def pair_named(networks: str) -> ReadyMade:
    """A ready-made pair of :data:`PAIRS`, or the user's pair.

    The user's pair is `file.py:function` or `module:function`. The function maps a tile shape (h,
    w, C) and a code dimension to an encoder and a decoder; each level has its own channels. Raises
    UsageError if there is no such pair, or the function cannot be imported.
    """
    if ":" not in networks and networks not in PAIRS:
        raise UsageError(
            f"unknown networks {networks!r}: use {', '.join(PAIRS)}, or file.py:function for a "
            "function that makes an encoder and a decoder"
        )
    if networks in PAIRS:
        return PAIRS[networks]
    return ReadyMade(imported_object(networks), False, _keep_initial_weights, _rounding_copy)
