"""Samples as integers, so that one coder serves all types.

Integer samples are themselves. Floats with a bound are multiples of a unit. Floats without error
are their bits, in the order of the numbers. Integers with a bound relative to the square root are
the numbers of points that are as far from each other as the bound allows.
"""

import math
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from aecodec.arrays import Int64
from aecodec.errors import UsageError
from aecodec.format.refinement import MOST_BOUND, MOST_ROOT, ROOT_UNITS, Bound
from aecodec.format.samples import MAX_BANDS

_MOST_MULTIPLE = (1 << 31) - 1
_MARGIN = 1 - 2.0**-20
"""Rounding a multiple to the type of the samples must not exceed the bound."""


class _Points(NamedTuple):
    """The points of all samples of a type.

    Attributes:
        limits: lowest and highest number of a point.
        numbers: number of the point of each sample, from the lowest sample.
        samples: the sample of each point, from the lowest point.
    """

    limits: tuple[int, int]
    numbers: Int64
    samples: Int64


@lru_cache(MAX_BANDS)
def _points(dtype: np.dtype[Any], factor: int) -> _Points:
    limits = np.iinfo(dtype)
    (below, negative), (above, positive) = (
        _points_of_side(factor, abs(int(end))) for end in (limits.min, limits.max)
    )
    return _Points(
        (1 - len(negative), len(positive) - 1),
        np.concatenate([-below[:0:-1], above]),
        np.concatenate([-negative[:0:-1], positive]),
    )


def _points_of_side(factor: int, top: int) -> tuple[Int64, Int64]:
    """Numbers of the points of the samples 0 to `top`, and the samples of these points."""
    samples = np.arange(top + 1)
    errors = _root_errors(factor, samples)
    nearest = np.maximum.accumulate(samples - errors)  # point that all samples so far can have
    following = np.searchsorted(nearest, samples, "right").tolist()
    farthest = np.minimum(samples + errors, top).tolist()
    first, point = [0], [0]
    while (sample := following[point[-1]]) <= top:
        first.append(sample)
        point.append(farthest[sample])
    return np.searchsorted(first, samples, "right") - 1, np.array(point)


def _root_errors(factor: int, samples: Int64) -> Int64:
    """Largest errors (...) of samples (...) with up to 16 bits."""
    return np.sqrt((factor * factor * np.abs(samples)) >> 16).astype(np.int64)


def has_roots(dtype: np.dtype[Any]) -> bool:
    """Whether samples of a type may have bounds relative to their square root."""
    return dtype.kind in "iu" and dtype.itemsize <= 2


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
        is_plain = self.dtype.kind != "f" and not self.bound.is_root
        return 2 * int(self.bound.error) + 1 if is_plain else 1

    @property
    def limits(self) -> tuple[int, int]:
        """Lowest and highest integer."""
        if self.is_exact_float:
            top = 1 << (8 * self.dtype.itemsize - 1)
            return -top, top - 1
        if self.dtype.kind == "f":
            return -_MOST_MULTIPLE, _MOST_MULTIPLE
        if self.bound.is_root:
            return self._points.limits
        return int(np.iinfo(self.dtype).min), int(np.iinfo(self.dtype).max)

    @property
    def _factor(self) -> int:
        return int(self.bound.error * ROOT_UNITS)

    @property
    def _points(self) -> _Points:
        return _points(self.dtype.newbyteorder("="), self._factor)

    def compare(
        self,
        original: npt.NDArray[Any],
        decoded: npt.NDArray[Any],
        known: npt.NDArray[np.bool_] | bool = True,
    ) -> tuple[float, bool]:
        """The largest error of known samples (...), and whether all errors are within the bound."""
        with np.errstate(invalid="ignore"):  # missing samples have any bits
            errors = np.abs(decoded.astype(np.float64) - original)
        bound: Int64 | float = self.bound.error
        if self.bound.is_root:
            bound = _root_errors(self._factor, original.astype(np.int64))
        is_within = errors <= bound  # not if the error is NaN
        return float(errors.max(initial=0, where=known)), bool(is_within.all(where=known))

    def to_integers(self, samples: npt.NDArray[Any]) -> Int64:
        """Integers (...) of samples (...)."""
        if self.is_exact_float:
            bits = samples.view(f"i{self.dtype.itemsize}").astype(np.int64)
            return np.where(bits < 0, bits ^ self.limits[1], bits)
        if self.dtype.kind == "f":
            with np.errstate(all="ignore"):  # a damaged file may have any unit
                multiples = np.rint(samples.astype(np.float64) / self.bound.unit)
                return np.clip(np.nan_to_num(multiples), *self.limits).astype(np.int64)
        if self.bound.is_root:
            return self._points.numbers[samples.astype(np.int64) - np.iinfo(self.dtype).min]
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
        if self.bound.is_root:
            return self._points.samples[integers - self.limits[0]].astype(self.dtype)
        return integers.astype(self.dtype)


def bound_for(samples: npt.NDArray[Any], error: float, is_root: bool = False) -> Bound:
    """A bound that holds for finite samples (...) of any type.

    The error of integers and the factors of square roots are rounded down. Floats are coded exactly
    if the bound is so small that multiples are no coarser than the samples. Raises UsageError if
    the type cannot have bounds relative to the square root.

    >>> bound_for(np.array([3, 700], np.int16), 2.5)
    Bound(error=2, unit=0.0, is_root=False)
    >>> bound_for(np.array([1.5], np.float32), 1e-9)
    Bound(error=0.0, unit=0.0, is_root=False)
    """
    if is_root:
        if not has_roots(samples.dtype):
            raise UsageError(
                f"max_error is {error:g}sqrt, but the samples are {samples.dtype.name}: only "
                "integers of 8 or 16 bits can have errors relative to their square root; give a "
                "number or a percentage"
            )
        return Bound(int(min(error * ROOT_UNITS, MOST_ROOT)) / ROOT_UNITS, is_root=True)
    if samples.dtype.kind != "f":
        return Bound(int(min(error, MOST_BOUND)))
    most = float(np.abs(samples).max(initial=0))
    spacing = 2 * float(np.spacing(samples.dtype.type(most / 2)))  # that of the largest overflows
    unit = 2 * (error - spacing) * _MARGIN
    if unit <= spacing or most / unit >= _MOST_MULTIPLE or not math.isfinite(unit):
        return Bound(0.0)
    return Bound(float(error), unit)
