"""The context of samples: what a decoder knows about their neighbours, as int8 inputs of a network.

All arithmetic is in integers, so every machine computes the same inputs.
"""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from aecodec.arrays import Int64

Indices = npt.NDArray[np.intp]

CAUSAL = (
    (0, -1), (-1, 0), (-1, -1), (-1, 1), (0, -2), (-2, 0), (-2, -1), (-2, 1), (-1, -2), (-1, 2),
)  # fmt: skip
"""(rows, columns) from a sample to the neighbours in its band that are known before it."""

AROUND = ((0, -1), (-1, 0), (0, 1), (1, 0), (-1, -1), (-1, 1), (1, -1), (1, 1))
"""Places of the base that a sample reads."""

BETWEEN_BANDS = ((0, -1), (-1, 0), (-1, -1), (-1, 1), (0, 1), (1, 0))
"""Neighbours in the bands coded before, which are known on all sides."""

MOST_BANDS = 2
"""A sample reads this many bands, the ones coded last."""

INPUT_BITS, MOST_INPUT = 5, 127
_NEAREST = 6
"""The nearest neighbours, whose distances from the reference are the activity."""


def input_count(band: int, has_base: bool) -> int:
    """Number of inputs for samples of a band.

    >>> input_count(0, False), input_count(2, True)
    (12, 34)
    """
    bands = min(band, MOST_BANDS)
    return len(CAUSAL) + 2 + has_base * (len(AROUND) + bands) + bands * len(BETWEEN_BANDS)


class Context(NamedTuple):
    """What is known about n samples.

    Attributes:
        reference: (n,) the value from which all others are measured: the base of a sample or,
            without base, the median prediction of JPEG-LS.
        exponent: (n,) inputs are distances in units of 2^(exponent - 5).
        inputs: (n, I) int16, -127 to 127.
    """

    reference: Int64
    exponent: Int64
    inputs: npt.NDArray[np.int16]


class Planes:
    """The values of F frames with B bands in a segment, while they are coded.

    Args:
        base: (F, B, height, width) int64 values of the base or, without base, of a constant.
        has_base: whether the samples have a base.
    """

    def __init__(self, base: Int64, has_base: bool) -> None:
        self._base, self.known, self.has_base = base, base.copy(), has_base

    def context(self, band: int, step: int, rows: Indices, columns: Indices) -> Context:
        """The context of samples at rows and columns (n,) of a band in all frames: F * n samples.

        `step` is the distance between two values that the bound can tell apart.
        """
        neighbours = np.stack([self._neighbour(band, rows, columns, place) for place in CAUSAL])
        reference = self._reference(band, rows, columns, neighbours)
        activity = np.abs(neighbours[:_NEAREST] - reference).sum(axis=0) // _NEAREST + 1
        exponent = bit_length(activity) - 1
        differences = [*(neighbours - reference)]
        differences += self._other_differences(band, rows, columns, reference)
        inputs = (np.stack(differences, -1) << INPUT_BITS) >> exponent[:, None]
        bits = log2_eighths(activity)
        magnitudes = [4 * (bits - 64), 4 * (log2_eighths(step) - bits)]
        inputs = np.concatenate([inputs, np.stack(magnitudes, -1)], axis=1)
        inputs = np.clip(inputs, -MOST_INPUT, MOST_INPUT).astype(np.int16)
        return Context(reference, exponent, inputs)

    def _reference(self, band: int, rows: Indices, columns: Indices, neighbours: Int64) -> Int64:
        if self.has_base:
            return self._around(self._base, band, rows, columns, (0, 0))
        west, north, north_west = neighbours[:3]
        low, high = np.minimum(west, north), np.maximum(west, north)
        return np.clip(west + north - north_west, low, high)

    def _other_differences(
        self, band: int, rows: Indices, columns: Indices, reference: Int64
    ) -> list[Int64]:
        def read(planes: Int64, band: int, place: tuple[int, int]) -> Int64:
            return self._around(planes, band, rows, columns, place)

        differences = []
        if self.has_base:
            differences += [read(self._base, band, place) - reference for place in AROUND]
        for earlier in range(max(0, band - MOST_BANDS), band):
            centre = read(self.known, earlier, (0, 0))
            differences += [read(self.known, earlier, place) - centre for place in BETWEEN_BANDS]
            if self.has_base:
                differences.append(centre - read(self._base, earlier, (0, 0)))
        return differences

    def _around(
        self, planes: Int64, band: int, rows: Indices, columns: Indices, place: tuple[int, int]
    ) -> Int64:
        """Values at a place; beyond the edges, those of the edges."""
        height, width = planes.shape[2:]
        rows, columns = rows + place[0], columns + place[1]
        at = np.clip(rows, 0, height - 1), np.clip(columns, 0, width - 1)
        return planes[:, band, at[0], at[1]].ravel()

    def _neighbour(
        self, band: int, rows: Indices, columns: Indices, place: tuple[int, int]
    ) -> Int64:
        """Known neighbours. Outside of the segment, they are the nearest sample known so far.

        The neighbours above the first row are the sample to the left. The neighbours to the left of
        the first column are the sample above. For the first sample they are its base.
        """
        down, right = place
        is_above = (rows == 0) & (down < 0)
        row = np.where(is_above, 0, np.maximum(rows + down, 0))
        column = np.where(is_above, columns - 1, columns + right)
        row = np.where((column < 0) & (row == rows), np.maximum(rows - 1, 0), row)
        column = np.clip(column, 0, self.known.shape[3] - 1)
        known, is_first = self.known[:, band, row, column], (rows == 0) & (columns == 0)
        return np.where(is_first, self._base[:, band, :1, 0], known).ravel()

    def write(self, band: int, rows: Indices, columns: Indices, values: Int64) -> None:
        """Store the values (F * n,) of samples."""
        self.known[:, band, rows, columns] = values.reshape(len(self.known), -1)


def bit_length(numbers: Any) -> Int64:
    """Number of bits of integers (...) from 0 to 2^53.

    >>> bit_length(np.array([0, 1, 7, 8])).tolist()
    [0, 1, 3, 4]
    """
    return np.frexp(np.asarray(numbers, np.float64))[1].astype(np.int64)


def log2_eighths(numbers: Any) -> Int64:
    """Logarithm to base 2 of integers (...) from 1 to 2^50, in eighths, linear between powers of 2.

    >>> log2_eighths(np.array([1, 3, 4])).tolist()
    [0, 12, 16]
    """
    numbers = np.asarray(numbers, np.int64)
    exponent = bit_length(numbers) - 1
    return 8 * (exponent - 1) + ((numbers << 3) >> exponent)
