"""The spatial context: the order in which a picture is coded, and the neighbours known by then.

The order is a pyramid. The first pass codes every eighth vector of every eighth row. Then the
distance is halved repeatedly, in two passes each: first the vectors in the middle of four known
diagonal neighbours, then the vectors with four known neighbours above, below, left and right.
Three quarters of all vectors therefore have a known neighbour on every side.

A context network reads the neighbours' *gradients* (sums and differences of opposite neighbours, as
in JPEG-LS and CALIC), which predict a code, and their *activity* (sums of absolute values), which
predicts how far codes spread.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from aecodec.arrays import Codes

Grid = tuple[int, int, int]
"""(pictures, rows, columns) of code vectors; vectors are numbered in this order."""

DIAGONAL, STRAIGHT = 0, 1
"""Kinds of spatial context: the positions of the four neighbours."""

KINDS = 2

GRADIENTS = 4
"""Gradients per channel: the sum and the difference of both pairs of opposite neighbours."""

PREDICTED_CHANNELS = 64
"""Gradients predict at most this many channels, the first ones in the order of coding."""

_FIRST_DISTANCE = 8
_BLOCK = 256

# The four neighbours as (down, across), in two pairs of opposite neighbours.
_NEIGHBOURS = {
    DIAGONAL: ((-1, -1), (1, 1), (-1, 1), (1, -1)),
    STRAIGHT: ((-1, 0), (1, 0), (0, -1), (0, 1)),
}


class SpatialContext(NamedTuple):
    """Gradients and activity of the neighbours of N vectors, DIAGONAL or STRAIGHT.

    A neighbour outside of the picture is replaced with the opposite neighbour, and a pair outside
    of the picture with the other pair. `gradients` (N, GRADIENTS, L) int16 are sums of both pairs
    of opposite neighbours, then their differences, of the L predicted channels. `activity` (N, K)
    int16 are sums of the absolute values of the four neighbours.
    """

    kind: int
    gradients: npt.NDArray[np.int16]
    activity: npt.NDArray[np.int16]

    def select(self, members: npt.NDArray[np.intp] | slice) -> SpatialContext:
        """Return the spatial context of some of the vectors, by their index."""
        return SpatialContext(self.kind, self.gradients[members], self.activity[members])


class CodingPass:
    """Vectors (N,) in the grid that are coded together, after all their neighbours.

    Vectors are stated by their numbers. `neighbours` (N, 4) are numbers, -1 outside of the picture;
    None for the first pass of a picture, whose vectors have no neighbours.
    """

    def __init__(
        self,
        members: npt.NDArray[np.intp],
        kind: int = DIAGONAL,
        neighbours: npt.NDArray[np.intp] | None = None,
    ) -> None:
        self.members, self.kind, self.neighbours = members, kind, neighbours

    def spatial_context(
        self, codes: Codes, centre: Codes, predicted: npt.NDArray[np.integer[Any]]
    ) -> SpatialContext | None:
        """Return the spatial context of the vectors; None if they have no neighbours.

        Of the codes (all vectors, K), only those of earlier passes are read. `centre` (K,) is
        subtracted from them; `predicted` (L,) are the channels that gradients predict.
        """
        if self.neighbours is None:
            return None
        gradients = np.empty((len(self.members), GRADIENTS, len(predicted)), np.int16)
        activity = np.empty((len(self.members), codes.shape[1]), np.int16)
        for block in blocks(len(self.members)):
            neighbours = centred(codes.take(self.pairs[block], axis=0), centre)
            pair = np.moveaxis(neighbours.take(predicted, axis=-1), 2, 0)
            gradients[block] = np.concatenate(sum_and_difference(*pair), axis=1)
            activity[block] = np.abs(neighbours).sum(axis=(1, 2), dtype=np.int16)
        return SpatialContext(self.kind, gradients, activity)

    @cached_property
    def pairs(self) -> npt.NDArray[np.intp]:
        """(N, 2, 2) numbers of the neighbours in opposite pairs, with missing ones replaced."""
        assert self.neighbours is not None
        pairs = self.neighbours.reshape(-1, 2, 2)
        pairs = np.where(pairs < 0, pairs[:, :, ::-1], pairs)
        return np.where(pairs < 0, pairs[:, ::-1], pairs)


def sum_and_difference(first: Any, second: Any) -> tuple[Any, Any]:
    """Return the gradients of a pair of opposite neighbours, arrays or tensors of any shape."""
    return first + second, first - second


def blocks(count: int) -> Iterator[slice]:
    """Split `count` vectors into blocks that fit into the processor's cache."""
    return (slice(start, start + _BLOCK) for start in range(0, count, _BLOCK))


def centred(codes: npt.NDArray[Any], centre: Codes) -> Codes:
    """Clip codes to -128..127, then subtract a centre in that range.

    >>> centred(np.array([7, -32768], np.int16), np.int16(5)).tolist()
    [2, -133]
    """
    return np.clip(codes, -128, 127).astype(np.int16, copy=False) - centre


@lru_cache(maxsize=2)
def coding_passes(grid: Grid) -> tuple[CodingPass, ...]:
    """Return the non-empty passes in which the vectors of pictures are coded.

    The passes of the last two grids are cached: segments of a picture, and pictures of a folder,
    often have the same size.

    >>> [len(coding_pass.members) for coding_pass in coding_passes((1, 5, 5))]
    [1, 1, 2, 1, 4, 4, 12]
    """
    return tuple(coding_pass for coding_pass in _passes(grid) if len(coding_pass.members))


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
    lattices = [_numbers(grid, start, (step, step)) for start in starts]
    members, row, column = map(np.concatenate, zip(*lattices, strict=True))
    rows, columns = grid[1:]
    neighbours = []
    for down, across in _NEIGHBOURS[kind]:
        y, x = row + distance * down, column + distance * across
        inside = (y >= 0) & (y < rows) & (x >= 0) & (x < columns)
        numbers = members + distance * (down * columns + across)
        neighbours.append(np.where(inside, numbers, -1))
    return CodingPass(members, kind, np.stack(neighbours, axis=1))


def _numbers(
    grid: Grid, start: tuple[int, int], step: tuple[int, int]
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Numbers, rows and columns of every step-th vector of every picture, beginning at `start`."""
    pictures, rows, columns = grid
    axes = (
        np.arange(pictures),
        np.arange(start[0], rows, step[0]),
        np.arange(start[1], columns, step[1]),
    )
    picture, row, column = map(np.ravel, np.meshgrid(*axes, indexing="ij"))
    return (picture * rows + row) * columns + column, row, column
