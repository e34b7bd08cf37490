"""Masks of missing samples."""

import numpy as np
import numpy.typing as npt

Mask = npt.NDArray[np.bool_]
"""(F, H, W, planes), True for missing samples; 1 plane for all bands, or one per band."""


def without_equal_planes(mask: Mask) -> Mask | None:
    """Reduce a mask to one plane if its planes are equal, and to None if nothing is missing."""
    if not mask.any():
        return None
    return mask[..., :1] if (mask == mask[..., :1]).all() else mask
