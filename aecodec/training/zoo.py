"""The pairs of networks, by the names that recipes use."""

from __future__ import annotations

from collections.abc import Callable, Container
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from aecodec import data
from aecodec.errors import UsageError
from aecodec.keras_models.roles import Role
from aecodec.training.networks.bands import band_pair, start_from_block_klt
from aecodec.training.networks.convolutional import LARGE, picture_pair, start_from_klt
from aecodec.training.networks.tile import tile_pair


@dataclass(frozen=True)
class Networks:
    """Functions that build and initialize a pair.

    Attributes:
        build: makes encoder and decoder for a tile shape (h, w, C) and a code dimension.
        start: initializes the weights of encoder and decoder from a sample of tiles (N, h, w, C)
            and the rate weights of the levels. For bands, the scales of
            :class:`~aecodec.datasets.band_tiles.BandTiles` follow. None to keep Keras's weights.
        exact: roles of layers that do not round in quantization-aware training.
        shipped: file with trained networks, which are the start if their shapes fit; or None. See
            :mod:`aecodec.training.starts`.
    """

    build: Callable[[tuple[int, int, int], int], tuple[Any, Any]]
    start: Callable[..., None] | None = None
    exact: Container[Role | None] = ()
    shipped: Path | None = None

    @property
    def shares_channels(self) -> bool:
        """Whether networks take any size, and all levels share latents and differ in gains."""
        return self.start is not None


SHIPPED = Path(data.__file__).with_name("starts") / "picture.npz"

NETWORKS = {
    "tile": Networks(tile_pair),
    "picture": Networks(picture_pair, start_from_klt, shipped=SHIPPED),
    "photo": Networks(partial(picture_pair, stages=LARGE), start_from_klt),
    "bands": Networks(  # whose linear paths are dithered over phases
        band_pair, start_from_block_klt, exact={Role.LATENTS, Role.LINEAR_PIXELS}
    ),
}


def networks_named(name: str) -> Networks:
    """Networks of :data:`NETWORKS`; UsageError if there are none with this name."""
    if name not in NETWORKS:
        raise UsageError(f"unknown networks {name!r}: use {', '.join(NETWORKS)}")
    return NETWORKS[name]
