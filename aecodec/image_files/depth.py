"""Detect images with more than 8 bits per channel, and scale them to 8 bits.

Pillow keeps all bits of grey images, but only the upper byte of each channel of colour images.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from aecodec.arrays import Pixels
from aecodec.image_files.notes import Notes

_DEEP_MODES = frozenset({"I", "F", "I;16", "I;16B", "I;16L", "I;16N"})
_CUT_RAW_MODES = (";16B", ";16L", ";16N")
"""Suffixes of the raw modes that Pillow truncates."""

_UNSIGNED_RAW_MODES = frozenset({"I;12", "I;16", "I;16B", "I;16L", "I;16N"})


def largest_value(image: Image.Image) -> int | None:
    """Largest value of a channel: 255 for ordinary images, 65535 for 16 bits.

    It is None for floats and integers with 32 bits, whose range depends on the picture. The image
    must not be loaded yet, because loading hides the file's raw mode.
    """
    if image.mode.startswith("I;16"):
        return 4095 if "I;12" in _raw_modes(image) else 65535
    if image.mode == "I" and (
        getattr(image, "format", None) == "PPM"  # Pillow scales it to 16 bits
        or not _UNSIGNED_RAW_MODES.isdisjoint(_raw_modes(image))
    ):
        return 65535
    if image.mode in _DEEP_MODES:
        return None
    return 65535 if _is_cut(image) else 255


def to_8_bits(image: Image.Image, largest: int | None, notes: Notes) -> Image.Image:
    """Scale a loaded image to 8 bits per channel: L, or LA if a value is transparent.

    Integers with 16 bits are scaled from 0..65535 and rounded. Floats and integers with 32 bits are
    scaled from the range of the picture, with a note. Modes that Pillow has already truncated stay
    the same. `largest` is the result of :func:`largest_value` before loading.
    """
    if image.mode not in _DEEP_MODES:
        return _with_cut_transparency(image, notes)
    values = np.asarray(image)
    pixels = _by_range(values, notes) if largest is None else _by_type(values, largest)
    scaled, info = Image.fromarray(pixels), dict(image.info)
    transparent = info.pop("transparency", None)
    scaled.info = info
    if isinstance(transparent, int):
        scaled.putalpha(Image.fromarray(np.where(values == transparent, 0, 255).astype(np.uint8)))
    return scaled


def _by_type(values: npt.NDArray[Any], largest: int) -> Pixels:
    table = np.rint(np.arange(65536).clip(0, largest) * (255 / largest)).astype(np.uint8)
    return table[values.clip(0, 65535)]


def _by_range(values: npt.NDArray[Any], notes: Notes) -> Pixels:
    finite = values[np.isfinite(values)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
    notes.add(f"its values from {low:g} to {high:g} were scaled to 0..255")
    values = np.nan_to_num(values.astype(np.float64), nan=low, posinf=high, neginf=low)
    scale = 255 / (high - low) if high > low else 0.0
    return np.rint((values - low) * scale).astype(np.uint8)


def _with_cut_transparency(image: Image.Image, notes: Notes) -> Image.Image:
    """Truncate the transparent colour to 8 bits, as Pillow truncates the pixels."""
    transparent = image.info.get("transparency")
    if not isinstance(transparent, tuple):
        return image
    notes.add("its transparent colour was cut to 8 bits, so similar colours become transparent too")
    result = image.copy()
    result.info["transparency"] = tuple(value >> 8 for value in transparent)
    return result


def _is_cut(image: Image.Image) -> bool:
    """Whether Pillow truncates channels from 16 to 8 bits."""
    is_raw = any(mode.endswith(_CUT_RAW_MODES) for mode in _raw_modes(image))
    return is_raw or _netpbm_max(image) > 255


def _raw_modes(image: Image.Image) -> list[str]:
    """Pillow's raw modes in the file of an image that is not loaded."""
    arguments = map(_arguments, getattr(image, "tile", ()))
    return [str(values[0]) for values in arguments if values]


def _netpbm_max(image: Image.Image) -> int:
    """Largest value that a PPM file states, if Pillow scales its values; else 0."""
    tiles = [tile for tile in getattr(image, "tile", ()) if str(tile[0]).startswith("ppm")]
    values = [_arguments(tile)[-1] for tile in tiles]
    return max((value for value in values if isinstance(value, int)), default=0)


def _arguments(tile: Any) -> tuple[Any, ...]:
    return tile[3] if isinstance(tile[3], tuple) else (tile[3],)
