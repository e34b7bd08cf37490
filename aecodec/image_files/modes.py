"""Convert Pillow's modes with 8 bits to the modes of the format: L, LA, RGB and RGBA."""

from __future__ import annotations

import numpy as np
from PIL import Image

from aecodec.arrays import Pixels
from aecodec.format.container import MetadataKind, Mode
from aecodec.image_files import colour
from aecodec.image_files.notes import Notes
from aecodec.imaging.picture import Picture

_LOSSLESS_MODES = {
    "1": "L",
    "P": "RGB",
    "PA": "RGBA",
    "La": "LA",
    "RGBa": "RGBA",
    "RGBX": "RGB",
    **{name: name for name in Mode.__members__},
}
"""Results of lossless conversions, by Pillow's mode."""

_RGB_SPACES = frozenset({"YCbCr", "HSV"})
"""Modes that are other coordinates of RGB colours, so RGB profiles fit them."""

_WITH_ALPHA = {"L": "LA", "RGB": "RGBA"}

_STRIP = 256
"""Rows that are copied from Pillow at a time."""


def to_picture(image: Image.Image, metadata: dict[MetadataKind, bytes], notes: Notes) -> Picture:
    """Make a picture from a loaded, upright image with 8 bits per channel.

    The colour profile is dropped if it does not fit the pixels of the picture. Lossy conversions
    are noted.
    """
    converted, profile = _convert(image, metadata.get(MetadataKind.ICC), notes)
    if profile is None:
        metadata = {k: v for k, v in metadata.items() if k is not MetadataKind.ICC}
    return _with_gamma(_split_alpha(converted, metadata), image, notes)


def _convert(
    image: Image.Image, profile: bytes | None, notes: Notes
) -> tuple[Image.Image, bytes | None]:
    """Convert an image to a mode of the format, and return its profile if it fits the result."""
    if image.mode not in {*_LOSSLESS_MODES, *_RGB_SPACES}:
        return _to_srgb(image, profile, notes), None
    if image.mode in _RGB_SPACES:
        notes.add(f"{image.mode} was converted to RGB")
    mode = _mode_of(image)
    converted = image if image.mode == mode else image.convert(mode)
    if profile and colour.is_profile(profile):
        profile = colour.fitting_profile(profile, converted.mode, notes)
    return converted, profile  # bytes that are not a profile change no colours, and are kept


def _mode_of(image: Image.Image) -> str:
    mode = _LOSSLESS_MODES.get(image.mode, "RGB")
    return _WITH_ALPHA.get(mode, mode) if image.has_transparency_data else mode


def _to_srgb(image: Image.Image, profile: bytes | None, notes: Notes) -> Image.Image:
    """Convert an image from another colour space, such as CMYK or LAB, to RGB."""
    profile = profile and colour.fitting_profile(profile, image.mode, notes)
    if profile:
        notes.add(f"{image.mode} was converted to sRGB with its colour profile")
        return colour.to_srgb_image(image, profile)
    doubt = "" if image.mode == "LAB" else " without a colour profile: its colours may differ"
    notes.add(f"{image.mode} was converted to RGB{doubt}")
    return image.convert("RGB")


def _split_alpha(image: Image.Image, metadata: dict[MetadataKind, bytes]) -> Picture:
    array = _array_of(image)
    if not Mode[image.mode].has_alpha:
        return Picture(array[None], None, metadata)
    return Picture(array[None, ..., :-1], array[None, ..., -1], metadata)


def _array_of(image: Image.Image) -> Pixels:
    """Copy an image to (H, W, C) strip by strip, because Pillow exports by way of two copies."""
    width, height = image.size
    array = np.empty((height, width, len(image.getbands())), np.uint8)
    for top in range(0, height, _STRIP):
        rows = array[top : top + _STRIP]
        strip = image.crop((0, top, width, top + len(rows)))
        rows[:] = np.asarray(strip).reshape(rows.shape)
    return array


def _with_gamma(picture: Picture, image: Image.Image, notes: Notes) -> Picture:
    """Convert a picture to sRGB if its PNG file states another gamma that nothing overrides."""
    gamma = image.info.get("gamma")
    is_overridden = "srgb" in image.info or MetadataKind.ICC in picture.metadata
    if not isinstance(gamma, float) or is_overridden:
        return picture
    table: Pixels | None = colour.gamma_to_srgb(gamma)
    if table is None:
        return picture
    notes.add(f"its gamma of {gamma:g} was converted to sRGB")
    return Picture(table[picture.pixels], picture.alpha, picture.metadata)
