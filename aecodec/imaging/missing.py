"""Masks of missing samples, and a smooth filling for the networks."""

import numpy as np
import numpy.typing as npt

from aecodec.base.arrays import Values

Mask = npt.NDArray[np.bool_]
"""(F, H, W, planes), True for missing samples; 1 plane for all bands, or one per band."""


def without_equal_planes(mask: Mask) -> Mask | None:
    """Reduce a mask to one plane if its planes are equal, and to None if nothing is missing."""
    if not mask.any():
        return None
    return mask[..., :1] if (mask == mask[..., :1]).all() else mask


def fill(values: Values, missing: Mask) -> Values:
    """Replace missing values (F, H, W, B) smoothly, in place, with means of the values around them.

    `missing` is (F, H, W, 1 or B). Values are 0 in a frame and band without known values.

    >>> values = np.array([3, 60000, 60000, 9], np.uint16).reshape(1, 1, 4, 1)
    >>> fill(values, (values == 60000)).ravel().tolist()
    [3, 3, 9, 9]
    """
    known = np.broadcast_to(~missing, values.shape)
    for frame, band in np.ndindex(len(values), values.shape[-1]):
        _fill_plane(values[frame, ..., band], known[frame, ..., band])
    return values


def _fill_plane(plane: npt.NDArray[np.integer], known: Mask) -> None:
    if known.all():
        return
    if known.size == 1:
        plane[...] = 0
        return
    sums = _sum_of_quads(np.where(known, plane, 0).astype(np.uint32))
    counts = _sum_of_quads(known.astype(np.uint32))
    coarse = (2 * sums + counts) // np.maximum(2 * counts, 1)
    _fill_plane(coarse, counts > 0)
    height, width = plane.shape
    enlarged = coarse.repeat(2, axis=0)[:height].repeat(2, axis=1)[:, :width]
    np.copyto(plane, enlarged, where=~known, casting="unsafe")


def _sum_of_quads(plane: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint32]:
    rows, columns = (np.arange(0, side, 2) for side in plane.shape)
    return np.add.reduceat(np.add.reduceat(plane, rows, axis=0), columns, axis=1)
