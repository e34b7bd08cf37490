"""Pillow's modes of 8 bits to those of the format: L, LA, RGB and RGBA."""

from __future__ import annotations

import numpy as np
from PIL import Image

from aecodec.arrays import Pixels
from aecodec.format.container import MetadataKind, Mode
from aecodec.image_files import colour
from aecodec.image_files.notes import Notes
from aecodec.imaging.picture import Picture

_SAME_MEANING = {
    "1": "L",
    "P": "RGB",
    "PA": "RGBA",
    "La": "LA",
    "RGBa": "RGBA",
    "RGBX": "RGB",
    **{name: name for name in Mode.__members__},
}
"""Modes that are converted without loss."""

_OTHER_NOTATION = frozenset({"YCbCr", "HSV"})
"""Modes that write the colours of RGB in another way, so that a profile for RGB describes them."""

_WITH_ALPHA = {"L": "LA", "RGB": "RGBA"}


def to_picture(image: Image.Image, metadata: dict[MetadataKind, bytes], notes: Notes) -> Picture:
    """Make a picture of an image of 8 bits per channel.

    Args:
        image: the image, loaded and upright.
        metadata: metadata of its file; the colour profile is left out if it does not describe the
            pixels of the picture.
        notes: where conversions with a loss are noted.
    """
    known, profile = _to_known_mode(image, metadata.get(MetadataKind.ICC), notes)
    kept = dict(metadata)
    if profile is None:
        kept.pop(MetadataKind.ICC, None)
    return _with_gamma(_split_alpha(known, kept), image, notes)


def _to_known_mode(
    image: Image.Image, profile: bytes | None, notes: Notes
) -> tuple[Image.Image, bytes | None]:
    """The image in a mode of the format, and its profile if that describes the result."""
    if image.mode not in {*_SAME_MEANING, *_OTHER_NOTATION}:
        return _to_srgb(image, profile, notes), None
    if image.mode in _OTHER_NOTATION:
        notes.add(f"{image.mode} was converted to RGB, which the file holds")
    known = image.convert(_known_mode_of(image))
    if profile and colour.is_profile(profile):
        profile = colour.fitting_profile(profile, known.mode, notes)
    return known, profile  # bytes that are no profile change no colours, and are kept


def _known_mode_of(image: Image.Image) -> str:
    mode = _SAME_MEANING.get(image.mode, "RGB")
    return _WITH_ALPHA.get(mode, mode) if image.has_transparency_data else mode


def _to_srgb(image: Image.Image, profile: bytes | None, notes: Notes) -> Image.Image:
    """An image of another colour space, such as CMYK or LAB, as RGB."""
    fits = profile and colour.fitting_profile(profile, image.mode, notes)
    if fits:
        notes.add(f"{image.mode} was converted to sRGB by its colour profile")
        return colour.to_srgb_image(image, fits)
    how = "" if image.mode == "LAB" else " without a colour profile, so that its colours may differ"
    notes.add(f"{image.mode} was converted to RGB{how}")
    return image.convert("RGB")


def _split_alpha(image: Image.Image, metadata: dict[MetadataKind, bytes]) -> Picture:
    array = np.asarray(image)
    array = array[..., None] if array.ndim == 2 else array
    if not Mode[image.mode].has_alpha:
        return Picture(array[None], None, metadata)
    return Picture(array[None, ..., :-1], array[None, ..., -1], metadata)


def _with_gamma(picture: Picture, image: Image.Image, notes: Notes) -> Picture:
    """The picture in sRGB if its PNG file states another gamma, and nothing that overrides it."""
    gamma = image.info.get("gamma")
    is_overridden = "srgb" in image.info or MetadataKind.ICC in picture.metadata
    if not isinstance(gamma, float) or is_overridden:
        return picture
    table: Pixels | None = colour.gamma_to_srgb(gamma)
    if table is None:
        return picture
    notes.add(f"its gamma of {gamma:g} was converted to sRGB")
    return Picture(table[picture.pixels], picture.alpha, picture.metadata)
