"""Bands that repeat every sample, such as the 20 m bands of a 10 m satellite picture."""

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from aecodec.format.samples import MAX_FACTOR, NOT_REPEATED, Repetition


def detect(
    samples: npt.NDArray[Any], missing: npt.NDArray[np.bool_] | None = None
) -> tuple[Repetition, ...] | None:
    """Find the bands of samples (F, H, W, B) that repeat every sample in blocks, in all frames.

    Missing samples, in a mask (F, H, W, 1 or B), equal only each other.

    Returns the largest factor of each band, up to 16, and the first row and column of a block; None
    if no band repeats samples.

    >>> detect(np.arange(6).reshape(1, 2, 3, 1).repeat(4, axis=1).repeat(4, axis=2)[:, 1:])
    ((4, 3, 0),)
    """
    bands = range(samples.shape[-1])
    repetition = tuple(_detect_in_band(_planes(samples, missing, band)) for band in bands)
    return None if set(repetition) == {NOT_REPEATED} else repetition


Planes = list[npt.NDArray[Any]]
"""Arrays (F, H, W) of one band: samples, and the mask if there is one."""


def _planes(samples: npt.NDArray[Any], missing: npt.NDArray[np.bool_] | None, band: int) -> Planes:
    if missing is None:
        return [samples[..., band]]
    mask = missing[..., band % missing.shape[-1]]
    return [np.where(mask, samples.dtype.type(0), samples[..., band]), mask]


def _detect_in_band(planes: Planes) -> Repetition:
    rows, y = _changes(planes)
    columns, x = _changes([plane.swapaxes(1, 2) for plane in planes]) if rows != 1 else (1, 0)
    common = math.gcd(rows, columns)
    factors = [factor for factor in range(2, MAX_FACTOR + 1) if common % factor == 0]
    if common == 1 or not factors:
        return NOT_REPEATED
    return factors[-1], y % factors[-1], x % factors[-1]


def _changes(planes: Planes) -> tuple[int, int]:
    """The gcd of the distances of rows that differ from the row before, and the first such row.

    The gcd is 0 if there is at most one such row.
    """
    divisor, first = 0, 0
    for row in range(1, planes[0].shape[1]):
        if any((plane[:, row] != plane[:, row - 1]).any() for plane in planes):
            first = first or row
            divisor = math.gcd(divisor, row - first)
            if divisor == 1:
                break
    return divisor, first
