"""Points of samples with bounds relative to the square root: as docs/FORMAT.md defines them."""

from __future__ import annotations

from math import isqrt

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from aecodec.coding.lattice import Lattice
from aecodec.format.refinement import MOST_ROOT, ROOT_UNITS, Bound

TYPES = [np.dtype(name) for name in ("uint8", "int8", "uint16", "int16")]


def largest_error(factor: int, sample: int) -> int:
    return isqrt((factor * factor * abs(sample)) >> 16)


def points(factor: int, top: int) -> dict[int, int]:
    """The point of each u, by the definition."""
    known, point = {0: 0}, 0
    while True:
        beyond = range(point + 1, top + 1)
        first = next((x for x in beyond if x - largest_error(factor, x) > point), None)
        if first is None:
            return known
        known[first] = point = min(first + largest_error(factor, first), top)


@given(st.integers(0, 3000) | st.integers(0, MOST_ROOT))
@example(0)
@example(128)
@example(MOST_ROOT)
@pytest.mark.parametrize("dtype", TYPES[:2], ids=str)
def test_points_are_those_of_the_format(dtype: np.dtype[np.integer], factor: int) -> None:
    lattice = Lattice(dtype, Bound(factor / ROOT_UNITS, is_root=True))
    expected = [-p for p in points(factor, -np.iinfo(dtype).min).values()][:0:-1]
    expected += points(factor, np.iinfo(dtype).max).values()
    low, high = lattice.limits
    assert lattice.to_samples(np.arange(low, high + 1)).tolist() == expected


@given(st.integers(0, 3000) | st.integers(0, MOST_ROOT))
@example(MOST_ROOT)
@pytest.mark.parametrize("dtype", TYPES, ids=str)
def test_no_sample_is_farther_from_its_point(dtype: np.dtype[np.integer], factor: int) -> None:
    lattice = Lattice(dtype, Bound(factor / ROOT_UNITS, is_root=True))
    samples = np.arange(np.iinfo(dtype).min, np.iinfo(dtype).max + 1).astype(dtype)
    numbers = lattice.to_integers(samples)
    decoded = lattice.to_samples(numbers)
    error, is_within = lattice.compare(samples, decoded)
    errors = np.abs(decoded.astype(int) - samples)
    assert (error, is_within) == (errors.max(), True)
    assert all(
        error <= largest_error(factor, sample)
        for sample, error in zip(samples.tolist(), errors.tolist(), strict=True)
    )
    np.testing.assert_array_equal(lattice.to_integers(decoded), numbers)
    worse = decoded.astype(np.int64) + np.where(decoded > 0, -1, 1) * (errors.max() + 9999)
    assert not lattice.compare(samples, worse)[1]
