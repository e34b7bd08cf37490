"""Samples as integers, so that one coder serves all types.

Integer samples are themselves. Floats with a bound are multiples of a unit. Floats without error
are their bits, in the order of the numbers.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from aecodec.arrays import Int64
from aecodec.format.refinement import MOST_BOUND, Bound

_MOST_MULTIPLE = (1 << 31) - 1
_MARGIN = 1 - 2.0**-20
"""Rounding a multiple to the type of the samples must not exceed the bound."""


class Lattice(NamedTuple):
    """How the samples of a band become integers.

    Attributes:
        dtype: type of the samples.
        bound: their bound.
    """

    dtype: np.dtype[Any]
    bound: Bound

    @property
    def is_exact_float(self) -> bool:
        """Whether samples are floats whose bits are coded."""
        return self.dtype.kind == "f" and not self.bound.unit

    @property
    def step(self) -> int:
        """Distance of two integers that the bound can tell apart."""
        return 1 if self.dtype.kind == "f" else 2 * int(self.bound.error) + 1

    @property
    def limits(self) -> tuple[int, int]:
        """Lowest and highest integer."""
        if self.is_exact_float:
            top = 1 << (8 * self.dtype.itemsize - 1)
            return -top, top - 1
        if self.dtype.kind == "f":
            return -_MOST_MULTIPLE, _MOST_MULTIPLE
        return int(np.iinfo(self.dtype).min), int(np.iinfo(self.dtype).max)

    def to_integers(self, samples: npt.NDArray[Any]) -> Int64:
        """Integers (...) of samples (...)."""
        if self.is_exact_float:
            bits = samples.view(f"i{self.dtype.itemsize}").astype(np.int64)
            return np.where(bits < 0, bits ^ self.limits[1], bits)
        if self.dtype.kind == "f":
            with np.errstate(all="ignore"):  # a damaged file may have any unit
                multiples = np.rint(samples.astype(np.float64) / self.bound.unit)
                return np.clip(np.nan_to_num(multiples), *self.limits).astype(np.int64)
        return samples.astype(np.int64)

    def to_samples(self, integers: Int64) -> npt.NDArray[Any]:
        """Samples (...) of integers (...)."""
        if self.is_exact_float:
            bits = np.where(integers < 0, integers ^ self.limits[1], integers)
            return bits.astype(f"i{self.dtype.itemsize}").view(self.dtype)
        if self.dtype.kind == "f":
            most = np.finfo(self.dtype).max.item()
            with np.errstate(over="ignore"):
                return np.clip(integers * self.bound.unit, -most, most).astype(self.dtype)
        return integers.astype(self.dtype)


def bound_for(samples: npt.NDArray[Any], error: float) -> Bound:
    """A bound that holds for finite samples (...) of any type.

    The error of integers is rounded down. Floats are coded exactly if the bound is so small that
    multiples are no coarser than the samples.

    >>> bound_for(np.array([3, 700], np.int16), 2.5)
    Bound(error=2, unit=0.0)
    >>> bound_for(np.array([1.5], np.float32), 1e-9)
    Bound(error=0.0, unit=0.0)
    """
    if samples.dtype.kind != "f":
        return Bound(min(int(error), MOST_BOUND))
    most = float(np.abs(samples).max(initial=0))
    spacing = 2 * float(np.spacing(samples.dtype.type(most / 2)))  # that of the largest overflows
    unit = 2 * (error - spacing) * _MARGIN
    if unit <= spacing or most / unit >= _MOST_MULTIPLE or not math.isfinite(unit):
        return Bound(0.0)
    return Bound(float(error), unit)
