"""Samples with bands as 8-bit pictures for display, and maps of their errors."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from aecodec.arrays import Float64, Pixels
from aecodec.imaging.picture import Picture

_STRETCH = (2, 98)
_HIGHEST = 99.9
"""Percentile of the errors that is the end of their scale."""

_SAMPLES = "440154 472d7b 3b528b 2c728e 21918c 28ae80 5ec962 addc30 fde725"
_ERRORS = "000004 1f0c48 550f6d 88226a bc3754 e35933 f98e09 f9cb35 fcffa4"
_DIFFERENCES = "67001f b2182b d6604d f4a582 fddbc7 f7f7f7 d1e5f0 92c5de 4393c3 2166ac 053061"
"""Equidistant colours of viridis for a single band, inferno for errors, and RdBu."""


def display(picture: Picture, original: Picture, bands: Sequence[int]) -> Pixels:
    """Show three bands of a picture as RGB, or one from dark blue to yellow: (F, H, W, 3) uint8.

    Each band is stretched by percentiles of the original, so that all pictures of a comparison look
    consistent. Samples that are missing in the original are black.
    """
    missing = np.asarray(original.is_missing[..., list(bands)].any(axis=-1))
    planes = [_stretched(picture.pixels[..., b], original.pixels[..., b], missing) for b in bands]
    colours = _in_colours(planes[0], _SAMPLES) if len(bands) == 1 else np.stack(planes, axis=-1)
    return np.where(missing[..., None], 0, np.rint(colours)).astype(np.uint8)


def _stretched(
    samples: npt.NDArray[Any], original: npt.NDArray[Any], missing: npt.NDArray[np.bool_]
) -> Float64:
    """Samples (F, H, W) stretched to 0..255; missing samples are arbitrary."""
    known = original[~missing].astype(np.float64)
    low, high = np.percentile(known, _STRETCH) if known.size else (0, 0)
    values = np.where(missing, low, samples).astype(np.float64)
    return 255 * ((values - low) / (high - low or 1)).clip(0, 1)


def _in_colours(values: Float64, colours: str) -> Float64:
    table = np.array([list(bytes.fromhex(colour)) for colour in colours.split()])
    places = np.linspace(0, 255, len(table))
    return np.stack([np.interp(values, places, channel) for channel in table.T], axis=-1)


def error_map(original: Picture, restored: Picture) -> Float64:
    """The largest absolute error of all bands at each pixel, (F, H, W); 0 for missing samples."""
    errors = np.abs(restored.pixels.astype(np.float64) - original.pixels)
    return np.where(original.is_missing, 0, errors).max(axis=-1)


def scale_of_errors(errors: Float64) -> float:
    """End of the scale of an error map: a high percentile, or 1 without errors."""
    return float(np.percentile(errors, _HIGHEST)) or float(errors.max()) or 1.0


def error_picture(errors: Float64, most: float) -> Pixels:
    """Colours (..., H, W, 3) uint8 of an error map, from black to pale yellow for `most`."""
    return np.rint(_in_colours((255 * errors / most).clip(0, 255), _ERRORS)).astype(np.uint8)


def difference_picture(original: Pixels, restored: Pixels) -> Pixels:
    """Colours (H, W, 3) uint8 of the mean difference: red where the second is darker."""
    difference = (restored.astype(np.float64) - original).mean(axis=-1)
    return np.rint(_in_colours((255 + difference) / 2, _DIFFERENCES)).astype(np.uint8)


def middle(pixels: npt.NDArray[Any], most: int) -> tuple[slice, slice]:
    """Rows and columns of the middle of a picture (H, W, ...), at most `most` of each."""
    height, width = pixels.shape[:2]
    top, left = max(0, height - most) // 2, max(0, width - most) // 2
    return slice(top, top + min(height, most)), slice(left, left + min(width, most))
