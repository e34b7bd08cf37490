"""The symbols that an encoder codes: decided in advance, or decided while they are coded."""

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
    """(N, K) codes; close to the final ones where these are undecided."""

    def slices(
        self, prior: Prior, members: Members, selected: Int32, spatial: SpatialContext | None
    ) -> Iterator[Slice]:
        """The slices of the vectors of one pass; their symbols are decided as they come.

        Args:
            prior: prior with which they are coded.
            members: (n,) numbers of the vectors.
            selected: (n,) the prior that each of them selected.
            spatial: spatial context of the vectors, if they have one.
        """


class FixedSymbols:
    """Codes that are decided.

    Args:
        codes: (N, K).
    """

    def __init__(self, codes: Codes) -> None:
        self.codes = codes

    def slices(
        self, prior: Prior, members: Members, selected: Int32, spatial: SpatialContext | None
    ) -> Iterator[Slice]:
        return known_slices(prior, self.codes[members], selected, spatial)
