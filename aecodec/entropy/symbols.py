"""Symbols to encode: decided in advance, or while they are coded."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from aecodec.arrays import Codes, Int32
from aecodec.entropy.prior import Prior
from aecodec.entropy.slices import Slice, known_slices
from aecodec.entropy.spatial_context import SpatialContext

Members = npt.NDArray[np.integer[Any]]
"""(n,) numbers of the vectors of one pass."""


class Symbols(Protocol):
    """Codes (N, K), some of which may still be undecided."""

    codes: Codes
    """(N, K) codes; undecided codes are close to their final values."""

    def slices(
        self, prior: Prior, members: Members, selected: Int32, spatial: SpatialContext | None
    ) -> Iterator[Slice]:
        """Yield the slices of a pass, and decide the symbols of each slice when it is reached.

        `members` (n,) are the numbers of the vectors, `selected` (n,) their priors.
        """


class FixedSymbols:
    """Codes (N, K) that are already decided."""

    def __init__(self, codes: Codes) -> None:
        self.codes = codes

    def slices(
        self, prior: Prior, members: Members, selected: Int32, spatial: SpatialContext | None
    ) -> Iterator[Slice]:
        return known_slices(prior, self.codes[members], selected, spatial)
