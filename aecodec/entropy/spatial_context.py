"""The spatial context: the order in which a picture is coded, and the neighbours known then.

The order is a pyramid. First comes every eighth vector of every eighth row. Then, with the distance
halved each time, come the vectors in the middle of four known diagonal ones, and those between four
known ones above, below, left and right. So three quarters of all vectors have a known neighbour on
every side.

What a context network reads of the neighbours is defined here too: their *gradients* (sums and
differences of opposite neighbours, as in JPEG-LS and CALIC, which tell where a code lies) and their
*activity* (sums of absolute values, which tell how far codes spread).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from aecodec.arrays import Codes

Grid = tuple[int, int, int]
"""(pictures, rows, columns) of code vectors, which are numbered in this order."""

DIAGONAL, STRAIGHT = 0, 1
"""Kinds of a spatial context: where the four neighbours lie."""

KINDS = 2

GRADIENTS = 4
"""Gradients per channel: the sum and the difference of both pairs of opposite neighbours."""

PREDICTED_CHANNELS = 64
"""At most this many channels, the first in the order of coding, are predicted from gradients."""

_FIRST_DISTANCE = 8
_BLOCK = 256

# The four neighbours as (down, across): two pairs of opposite ones.
_NEIGHBOURS = {
    DIAGONAL: ((-1, -1), (1, 1), (-1, 1), (1, -1)),
    STRAIGHT: ((-1, 0), (1, 0), (0, -1), (0, 1)),
}


@dataclass(frozen=True, eq=False)
class SpatialContext:
    """What the neighbours of N vectors tell.

    A neighbour that lies outside of the picture is replaced by the opposite one, and a pair that
    lies outside by the other pair.

    Attributes:
        kind: DIAGONAL or STRAIGHT.
        gradients: (N, GRADIENTS, L) int16: the sums of both pairs of opposite neighbours, then
            their differences, of the L predicted channels.
        activity: (N, K) int16: the sums of the absolute values of the four neighbours.
    """

    kind: int
    gradients: npt.NDArray[np.int16]
    activity: npt.NDArray[np.int16]

    def select(self, members: npt.NDArray[np.intp] | slice) -> SpatialContext:
        """The spatial context of some of the vectors, by their index."""
        return SpatialContext(self.kind, self.gradients[members], self.activity[members])


@dataclass(frozen=True, eq=False)
class CodingPass:
    """Vectors that are coded together, after all their neighbours.

    Attributes:
        members: (N,) numbers of the vectors in the grid.
        kind: kind of their spatial context.
        neighbours: (N, 4) numbers of their neighbours, -1 for those outside of the picture; None
            for the first pass of a picture, whose vectors have none.
    """

    members: npt.NDArray[np.intp]
    kind: int = DIAGONAL
    neighbours: npt.NDArray[np.intp] | None = None

    def spatial_context(
        self, codes: Codes, centre: Codes, predicted: npt.NDArray[np.integer[Any]]
    ) -> SpatialContext | None:
        """The spatial context of the vectors; None where they have no neighbours.

        Args:
            codes: (all vectors, K) codes; those of earlier passes are known.
            centre: (K,) value from which each channel's codes are measured.
            predicted: (L,) channels that are predicted from gradients.
        """
        if self.neighbours is None:
            return None
        gradients = np.empty((len(self.members), GRADIENTS, len(predicted)), np.int16)
        activity = np.empty((len(self.members), codes.shape[1]), np.int16)
        for block in blocks(len(self.members)):
            four = centred(codes.take(self.pairs[block], axis=0), centre)
            pair = np.moveaxis(four.take(predicted, axis=-1), 2, 0)
            gradients[block] = np.concatenate(sum_and_difference(*pair), axis=1)
            activity[block] = np.abs(four).sum(axis=(1, 2), dtype=np.int16)
        return SpatialContext(self.kind, gradients, activity)

    @cached_property
    def pairs(self) -> npt.NDArray[np.intp]:
        """(N, 2, 2) the neighbours as two pairs of opposite ones, missing ones replaced."""
        assert self.neighbours is not None
        pairs = self.neighbours.reshape(-1, 2, 2)
        pairs = np.where(pairs < 0, pairs[:, :, ::-1], pairs)
        return np.where(pairs < 0, pairs[:, ::-1], pairs)


def sum_and_difference(first: Any, second: Any) -> tuple[Any, Any]:
    """The gradients of a pair of opposite neighbours, arrays or tensors of any shape."""
    return first + second, first - second


def blocks(count: int) -> Iterator[slice]:
    """Split `count` vectors into blocks that fit into the processor's cache."""
    return (slice(start, start + _BLOCK) for start in range(0, count, _BLOCK))


def centred(codes: npt.NDArray[Any], centre: Codes) -> Codes:
    """Subtract a centre in -128..127 from codes, which are clipped to that range first.

    >>> centred(np.array([7, -32768], np.int16), np.int16(5)).tolist()
    [2, -133]
    """
    return np.clip(codes, -128, 127).astype(np.int16, copy=False) - centre


@lru_cache(maxsize=2)
def coding_passes(grid: Grid) -> tuple[CodingPass, ...]:
    """The passes in which the vectors of pictures are coded; empty passes are left out.

    The passes of the last two grids are kept: segments of a picture, and pictures of a folder, are
    often of one size.

    >>> [len(each.members) for each in coding_passes((1, 5, 5))]
    [1, 1, 2, 1, 4, 4, 12]
    """
    return tuple(each for each in _passes(grid) if len(each.members))


def _passes(grid: Grid) -> Iterator[CodingPass]:
    yield CodingPass(_numbers(grid, (0, 0), (_FIRST_DISTANCE, _FIRST_DISTANCE))[0])
    distance = _FIRST_DISTANCE
    while distance > 1:
        distance //= 2
        step = 2 * distance
        yield _pass(grid, DIAGONAL, distance, [(distance, distance)], step)
        yield _pass(grid, STRAIGHT, distance, [(0, distance), (distance, 0)], step)


def _pass(
    grid: Grid, kind: int, distance: int, starts: list[tuple[int, int]], step: int
) -> CodingPass:
    found = [_numbers(grid, start, (step, step)) for start in starts]
    members, row, column = (np.concatenate(each) for each in zip(*found, strict=True))
    rows, columns = grid[1:]
    neighbours = []
    for down, across in _NEIGHBOURS[kind]:
        their_row, their_column = row + distance * down, column + distance * across
        inside = (
            (their_row >= 0) & (their_row < rows) & (their_column >= 0) & (their_column < columns)
        )
        numbers = members + distance * (down * columns + across)
        neighbours.append(np.where(inside, numbers, -1))
    return CodingPass(members, kind, np.stack(neighbours, axis=1))


def _numbers(
    grid: Grid, start: tuple[int, int], step: tuple[int, int]
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """The numbers, rows and columns of every step-th vector of every picture, from `start` on."""
    pictures, rows, columns = grid
    number, row, column = (
        each.ravel()
        for each in np.meshgrid(
            np.arange(pictures),
            np.arange(start[0], rows, step[0]),
            np.arange(start[1], columns, step[1]),
            indexing="ij",
        )
    )
    return (number * rows + row) * columns + column, row, column
