"""The order in which the code vectors of a picture become known, and what lies around each then.

A pyramid: first every eighth vector of every eighth row, then, with the distance halved each time,
those amid four known diagonal ones, and those amid four known ones beside, above and below.
So three quarters of all vectors have a known vector next to them on every side.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

Codes = npt.NDArray[np.int16]
Grid = tuple[int, int, int]
"""(pictures, rows, columns) of code vectors, in this order."""

DIAGONAL, STRAIGHT = 0, 1
"""Kinds of surroundings."""

KINDS = 2

TRENDS = 4
"""Signed numbers that each channel around gives: the sums and the differences of both pairs."""

LED = 64
"""So many channels, the first in the order of coding, are led by the trends of one another."""

_FIRST_DISTANCE = 8
_BLOCK = 256

# Opposite ones together: (down, across), (down, across); and the other two.
_AROUND = {
    DIAGONAL: ((-1, -1), (1, 1), (-1, 1), (1, -1)),
    STRAIGHT: ((-1, 0), (1, 0), (0, -1), (0, 1)),
}


@dataclass(frozen=True, eq=False)
class Surroundings:
    """What is known around some vectors.

    Attributes:
        kind: DIAGONAL or STRAIGHT.
        trends: (N, TRENDS, L), the sums of two vectors on opposite sides, for both pairs, and then
            their differences, of the channels that are led; a vector that the picture lacks counts
            as the one opposite, and a pair that it lacks as the other pair.
        magnitudes: (N, K), the sums of the absolute values of those four.
    """

    kind: int
    trends: npt.NDArray[np.int16]
    magnitudes: npt.NDArray[np.int16]

    def of(self, members: npt.NDArray[np.intp]) -> Surroundings:
        """Those of some of the vectors, by their numbers."""
        return Surroundings(self.kind, self.trends[members], self.magnitudes[members])


@dataclass(frozen=True, eq=False)
class Part:
    """Vectors that become known together.

    Attributes:
        members: (N,) their numbers in the order of the grid.
        kind: of their surroundings.
        around: (N, 4) the numbers of their neighbours, -1 for those that the picture lacks; None
            for the first of a picture, which have none.
    """

    members: npt.NDArray[np.intp]
    kind: int = DIAGONAL
    around: npt.NDArray[np.intp] | None = None

    def surroundings(
        self, codes: Codes, centre: Codes, led: npt.NDArray[np.integer[Any]]
    ) -> Surroundings | None:
        """What codes (all N, K) that are known by now say; None where there is nothing around.

        They are read :func:`about` a centre (K,); the channels `led` (L,) have trends.
        """
        if self.around is None:
            return None
        trends = np.empty((len(self.members), TRENDS, len(led)), np.int16)
        magnitudes = np.empty((len(self.members), codes.shape[1]), np.int16)
        for block in blocks(len(self.members)):
            four = about(centre, codes.take(self.pairs[block], axis=0))
            one, other = np.moveaxis(four.take(led, axis=-1), 2, 0)
            trends[block] = np.concatenate([one + other, one - other], axis=1)
            magnitudes[block] = np.abs(four).sum(axis=(1, 2), dtype=np.int16)
        return Surroundings(self.kind, trends, magnitudes)

    @cached_property
    def pairs(self) -> npt.NDArray[np.intp]:
        """(N, 2, 2) the neighbours as two pairs, those that are missing replaced."""
        assert self.around is not None
        pairs = self.around.reshape(-1, 2, 2)
        pairs = np.where(pairs < 0, pairs[:, :, ::-1], pairs)
        return np.where(pairs < 0, pairs[:, ::-1], pairs)


def blocks(count: int) -> Iterator[slice]:
    """So few vectors at once that they stay in the processor's cache."""
    return (slice(start, start + _BLOCK) for start in range(0, count, _BLOCK))


def about(centre: Codes, codes: npt.NDArray[Any]) -> Codes:
    """How far codes lie from a centre in -128..127; those beyond that range count as its ends.

    >>> about(np.int16(5), np.array([7, -32768], np.int16)).tolist()
    [2, -133]
    """
    return np.clip(codes, -128, 127).astype(np.int16, copy=False) - centre


def parts_of(grid: Grid) -> list[Part]:
    """The vectors of pictures in the order in which they become known; empty parts are left out.

    >>> [len(part.members) for part in parts_of((1, 5, 5))]
    [1, 1, 2, 1, 4, 4, 12]
    """
    return [part for part in _parts(grid) if len(part.members)]


def _parts(grid: Grid) -> Iterator[Part]:
    yield Part(_numbers(grid, (0, 0), (_FIRST_DISTANCE, _FIRST_DISTANCE))[0])
    distance = _FIRST_DISTANCE
    while distance > 1:
        distance //= 2
        step = 2 * distance
        yield _part(grid, DIAGONAL, distance, [(distance, distance)], step)
        yield _part(grid, STRAIGHT, distance, [(0, distance), (distance, 0)], step)


def _part(grid: Grid, kind: int, distance: int, starts: list[tuple[int, int]], step: int) -> Part:
    found = [_numbers(grid, start, (step, step)) for start in starts]
    members, down, across = (np.concatenate(each) for each in zip(*found, strict=True))
    rows, columns = grid[1:]
    around = []
    for by_down, by_across in _AROUND[kind]:
        row, column = down + distance * by_down, across + distance * by_across
        inside = (row >= 0) & (row < rows) & (column >= 0) & (column < columns)
        moved = members + distance * (by_down * columns + by_across)
        around.append(np.where(inside, moved, -1))
    return Part(members, kind, np.stack(around, axis=1))


def _numbers(
    grid: Grid, start: tuple[int, int], step: tuple[int, int]
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """The numbers of every so manieth vector, and the row and column of each."""
    pictures, rows, columns = grid
    number, down, across = (
        each.ravel()
        for each in np.meshgrid(
            np.arange(pictures),
            np.arange(start[0], rows, step[0]),
            np.arange(start[1], columns, step[1]),
            indexing="ij",
        )
    )
    return (number * rows + down) * columns + across, down, across
