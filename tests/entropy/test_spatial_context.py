"""The passes of a picture, and what the neighbours of a vector tell."""

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from aecodec.entropy.spatial_context import DIAGONAL, STRAIGHT, CodingPass, Grid, coding_passes


@given(st.tuples(*[st.integers(1, n) for n in (3, 40, 40)]))
def test_every_vector_is_in_one_pass_after_its_neighbours(grid: Grid) -> None:
    """Neighbours are of the same picture, opposite to each other, and in earlier passes."""
    known: set[int] = set()
    for coding_pass in coding_passes(grid):
        if coding_pass.neighbours is not None:
            assert_opposite(coding_pass, grid)
            assert set(coding_pass.neighbours[coding_pass.neighbours >= 0].tolist()) <= known
        assert not known & set(coding_pass.members.tolist())
        known |= set(coding_pass.members.tolist())
    assert known == set(range(math.prod(grid)))


def assert_opposite(coding_pass: CodingPass, grid: Grid) -> None:
    for number, neighbours in zip(coding_pass.members, coding_pass.neighbours, strict=True):
        own = np.unravel_index(number, grid)
        places = [np.unravel_index(n, grid) if n >= 0 else None for n in neighbours]
        assert all(place is None or place[0] == own[0] for place in places)
        for first, second in (places[:2], places[2:]):
            if first and second:
                assert first[1] + second[1] == 2 * own[1]
                assert first[2] + second[2] == 2 * own[2]


def test_missing_neighbours_are_replaced_by_the_opposite_ones() -> None:
    codes = np.array([[1], [2], [-4], [8], [-32768], [32]], np.int16)  # 2 rows, 3 columns
    expected = {
        2: ([0, 0, 0, 0], 0),
        1: ([-258, -5, 0, 5], 263),
        3: ([0, -258, 0, 0], 258),
        5: ([-10, -258, 0, 0], 268),
    }
    result = {}
    for coding_pass in coding_passes((1, 2, 3)):
        spatial = coding_pass.spatial_context(codes, np.array([1], np.int16), np.array([0]))
        for n, number in enumerate(coding_pass.members):
            result[int(number)] = spatial and (
                spatial.kind,
                (spatial.gradients[n, :, 0].tolist(), spatial.activity[n, 0]),
            )
    assert result.pop(0) is None
    assert result.pop(4) == (DIAGONAL, ([0, -10, 0, 0], 10))
    assert result == {n: (STRAIGHT, item) for n, item in expected.items()}
