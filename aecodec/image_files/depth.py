"""Images of more than 8 bits per channel: finding them, and scaling them to 8 bits.

Pillow keeps all bits of grey images, and only the upper byte of each channel of colour images.
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
"""Ends of the names of raw modes that Pillow cuts."""

_UNSIGNED_RAW_MODES = frozenset({"I;12", "I;16", "I;16B", "I;16L", "I;16N"})


def largest_value(image: Image.Image) -> int | None:
    """Largest value of a channel whose type has one: 65535 for 16 bits.

    Args:
        image: an image as it was opened; once it is loaded, only its mode tells.

    Returns:
        The largest value, 255 for an ordinary image; None for floats and integers of 32 bits,
        which have a range of their own in each picture.
    """
    if image.mode.startswith("I;16"):
        return 4095 if "I;12" in _raw_modes(image) else 65535
    if image.mode == "I" and _is_16_bit_grey(image):
        return 65535
    if image.mode in _DEEP_MODES:
        return None
    return 65535 if _is_cut(image) else 255


def to_8_bits(image: Image.Image, largest: int | None, notes: Notes) -> Image.Image:
    """Scale an image to 8 bits per channel.

    Integers of 16 bits are scaled by their type, 65535 to 255, and rounded. Floats and integers of
    32 bits are scaled by the range of the picture, which is noted.

    Args:
        image: the image, loaded.
        largest: what :func:`largest_value` returned before that.
        notes: where the range is noted.

    Returns:
        An L image; LA if one value is transparent; other modes as they are, as Pillow has cut them.
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
    known = np.nan_to_num(values.astype(np.float64), nan=low, posinf=high, neginf=low)
    scale = 255 / (high - low) if high > low else 0.0
    return np.rint((known - low) * scale).astype(np.uint8)


def _with_cut_transparency(image: Image.Image, notes: Notes) -> Image.Image:
    """The image with its transparent colour cut to 8 bits too, as its pixels are."""
    transparent = image.info.get("transparency")
    if not isinstance(transparent, tuple):
        return image
    notes.add("its transparent colour was cut to 8 bits, so that its neighbours may be transparent")
    result = image.copy()
    result.info["transparency"] = tuple(each >> 8 for each in transparent)
    return result


def _is_16_bit_grey(image: Image.Image) -> bool:
    is_netpbm = getattr(image, "format", None) == "PPM"  # Pillow scales it to 16 bits
    return is_netpbm or not _UNSIGNED_RAW_MODES.isdisjoint(_raw_modes(image))


def _is_cut(image: Image.Image) -> bool:
    """Whether Pillow is going to cut channels of 16 bits to 8."""
    return (
        any(each.endswith(_CUT_RAW_MODES) for each in _raw_modes(image)) or _netpbm_max(image) > 255
    )


def _raw_modes(image: Image.Image) -> list[str]:
    """How the file of an image that is not loaded holds its pixels, as Pillow names it."""
    found = [_arguments(each) for each in getattr(image, "tile", ())]
    return [str(each[0]) for each in found if each]


def _netpbm_max(image: Image.Image) -> int:
    """Largest value that a PPM file states, where Pillow scales its values; else 0."""
    tiles = [each for each in getattr(image, "tile", ()) if str(each[0]).startswith("ppm")]
    stated = [_arguments(each)[-1] for each in tiles]
    return max((each for each in stated if isinstance(each, int)), default=0)


def _arguments(tile: Any) -> tuple[Any, ...]:
    return tile[3] if isinstance(tile[3], tuple) else (tile[3],)
