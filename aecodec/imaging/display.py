"""Samples with bands as 8-bit pictures for display, and colours of differences."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from aecodec.base.arrays import Float64, Pixels
from aecodec.imaging.picture import Picture

_STRETCH = (2, 98)
_DIFFERENCES = "67001f b2182b d6604d f4a582 fddbc7 f7f7f7 d1e5f0 92c5de 4393c3 2166ac 053061"
"""Equidistant colours of RdBu."""


def display(picture: Picture, original: Picture, bands: Sequence[int]) -> Pixels:
    """Show three bands of a picture as RGB, or one as grey levels: (F, H, W, 3 or 1) uint8.

    Each band is stretched by percentiles of the original, so that all pictures of a comparison look
    consistent. Samples that are missing in the original are black.
    """
    missing = np.asarray(original.is_missing[..., list(bands)].any(axis=-1))
    planes = [_stretched(picture.pixels[..., b], original.pixels[..., b], missing) for b in bands]
    return np.where(missing[..., None], 0, np.rint(np.stack(planes, axis=-1))).astype(np.uint8)


def _stretched(
    samples: npt.NDArray[Any], original: npt.NDArray[Any], missing: npt.NDArray[np.bool_]
) -> Float64:
    """Samples (F, H, W) stretched to 0..255; missing samples are arbitrary."""
    known = original[~missing].astype(np.float64)
    low, high = np.percentile(known, _STRETCH) if known.size else (0, 0)
    values = np.where(missing, low, samples).astype(np.float64)
    return 255 * ((values - low) / (high - low or 1)).clip(0, 1)


def difference_picture(original: Pixels, restored: Pixels) -> Pixels:
    """Colours (H, W, 3) uint8 of the mean difference: red where the second is darker."""
    difference = (restored.astype(np.float64) - original).mean(axis=-1)
    table = np.array([list(bytes.fromhex(colour)) for colour in _DIFFERENCES.split()])
    places = np.linspace(-255, 255, len(table))
    colours = [np.interp(difference, places, channel) for channel in table.T]
    return np.rint(np.stack(colours, axis=-1)).astype(np.uint8)


def middle(pixels: npt.NDArray[Any], most: int) -> tuple[slice, slice]:
    """Rows and columns of the middle of a picture (H, W, ...), at most `most` of each."""
    height, width = pixels.shape[:2]
    top, left = max(0, height - most) // 2, max(0, width - most) // 2
    return slice(top, top + min(height, most)), slice(left, left + min(width, most))
