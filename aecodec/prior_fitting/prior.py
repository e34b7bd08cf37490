"""The prior of a level: competing distributions of code vectors, as integer tables.

`docs/how_it_works.md` explains priors. With a context network
(:mod:`aecodec.prior_fitting.context_network`), the table of a channel is a first guess, which the
network adapts to known codes.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from aecodec.base.arrays import Float64, Int32
from aecodec.base.errors import CodecError
from aecodec.prior_fitting.context_network import POSITIONS, ArrayFields, ContextNetwork

TABLE_BITS = 16
TABLE_TOTAL = 1 << TABLE_BITS
COST_UNITS = 256
"""Costs are integers in 1/256 bit."""

ESCAPE_BITS = 16


def integer_costs(frequencies: npt.NDArray[Any]) -> Int32:
    """Convert frequencies (1..65535) to costs, rounded to 1/256 bit.

    No frequency is close enough to a tie for the last digits of the logarithm to matter (a test
    checks all of them), so every machine computes the same integers.
    """
    bits = TABLE_BITS - np.log2(frequencies.astype(np.float64))
    return np.rint(COST_UNITS * bits).astype(np.int32)


_NARROWEST_SCALE, _WIDEST_SHARE = 0.04, 0.5
"""Logistic scales of shapes, from 0.04 symbols (a constant symbol) to half the window."""

MAX_CODE_DIMENSION = 2000
"""Largest number of channels for which float32 can hold the cost of a vector exactly."""


@dataclass(eq=False, repr=False)
class Prior(ArrayFields):
    """P competing distributions of code vectors with K channels.

    Symbols with frequency 0 in a row are coded as escapes; all other symbols are consecutive. With
    a network, row 8 * s + m of the bank has shape s, moved by m eighths of a symbol from row 8 * s.
    Raises CodecError if there are more than 2000 channels.
    """

    bank: npt.NDArray[np.uint16]  # (T <= 256, S + 1 <= 256) frequencies, sums 65536; escape last
    first: int  # symbol of column 0, before the offset is added
    table: npt.NDArray[np.uint16]  # (P, K) row of the bank that a channel uses with each prior
    offset: npt.NDArray[np.int16]  # (P, K) -128 to 127, added to the symbols of that row
    index: npt.NDArray[np.uint16]  # (P,) frequencies of the priors, sum 65536; [0] if P is 1
    context: ContextNetwork | None = None  # adapts the tables, if they are not fixed

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.code_dimension > MAX_CODE_DIMENSION:
            raise CodecError(
                f"the codes have {self.code_dimension} channels, but a codec can have at most "
                f"{MAX_CODE_DIMENSION}"
            )

    @property
    def priors(self) -> int:
        return int(self.table.shape[0])

    @property
    def code_dimension(self) -> int:
        return int(self.table.shape[1])

    @property
    def symbols(self) -> int:
        return int(self.bank.shape[1]) - 1

    @property
    def has_spatial_context(self) -> bool:
        return bool(self.context and self.context.spatial)

    @cached_property
    def costs(self) -> Int32:
        """(T, S + 1) cost of each symbol in 1/256 bit; the cost of an escape includes its value."""
        costs = integer_costs(np.maximum(self.bank, 1))
        costs[:, -1] += ESCAPE_BITS * COST_UNITS
        return np.where(self.bank, costs, costs[:, -1:])

    @cached_property
    def index_costs(self) -> Int32:
        """(P,) cost of the index of each prior in 1/256 bit."""
        return integer_costs(self.index) if self.priors > 1 else np.zeros(1, np.int32)

    @property
    def max_slice(self) -> int:
        slices = self.context.slices if self.context else [slice(0, self.code_dimension)]
        return max(places.stop - places.start for places in slices)


def shape_scales(radius: int, tables: int) -> Float64:
    """(T / 8,) logistic scales in symbols for a bank with `radius` symbols on each side."""
    widest = max(1.0, _WIDEST_SHARE * radius / 2)
    return np.geomspace(_NARROWEST_SCALE, widest, tables // POSITIONS)
