"""Colour profiles: check which pixels they fit, and convert pixels to sRGB."""

import io
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
from PIL import Image

from aecodec.base.arrays import Pixels
from aecodec.base.errors import Notes
from aecodec.format.container import MetadataKind, Mode
from aecodec.imaging.picture import Picture

_SPACE_OF = {"L": "GRAY", "LA": "GRAY", "RGB": "RGB", "RGBA": "RGB", "CMYK": "CMYK", "LAB": "Lab"}
"""Profiles' names of the colour spaces of Pillow's modes."""

_WITHOUT_ALPHA = {"LA": "L", "RGBA": "RGB"}
_RAMP = np.arange(256, dtype=np.uint8)[None]
_SOME_COLOURS = _RAMP[0, np.indices((6, 6, 6)).reshape(1, 1, 3, -1).swapaxes(2, 3) * 51]


def fitting_profile(profile: bytes, mode: str, notes: Notes) -> bytes | None:
    """Return a profile if it fits pixels of a mode of Pillow; else add a note."""
    try:
        space = str(_opened(profile).profile.xcolor_space).strip()
        if space != _SPACE_OF[mode]:
            notes.add(
                f"aecodec drops its colour profile for {space}, because its pixels are {mode}"
            )
            return None
        _transform(profile, _WITHOUT_ALPHA.get(mode, mode))
    except Exception as error:  # ImageCms raises several types of errors for damaged profiles
        notes.add(f"aecodec drops its colour profile, which is damaged ({error})")
        return None
    return profile


def to_srgb_image(image: Image.Image, profile: bytes) -> Image.Image:
    """Convert a Pillow image without alpha, and with a profile that fits, to sRGB."""
    converted: Image.Image = _transform(profile, image.mode).apply(image)
    return converted


def in_kept_colours(picture: Picture, metadata: Mapping[MetadataKind, bytes]) -> Picture:
    """Convert a picture to sRGB, unless `metadata` has its colour profile, or it has bands."""
    profile = picture.metadata.get(MetadataKind.ICC)
    if profile is None or MetadataKind.ICC in metadata or picture.is_scientific:
        return picture
    remaining = dict(picture.metadata)
    del remaining[MetadataKind.ICC]
    pixels = picture.pixels if is_srgb(profile, picture.mode) else to_srgb(picture.pixels, profile)
    return replace(picture, pixels=pixels, metadata=remaining)


def is_srgb(profile: bytes, mode: Mode) -> bool:
    """Whether pixels look the same without their profile, or the profile does not fit them."""
    if fitting_profile(profile, mode.name, Notes()) is None:
        return True
    probe = _RAMP[None, ..., None] if mode.channels == 1 else _SOME_COLOURS
    difference = to_srgb(probe, profile).astype(np.int16) - probe
    return bool(np.abs(difference).max() <= 1)


def name_of(profile: bytes) -> str:
    return str(_opened(profile).profile.profile_description or "without a name").strip()


def to_srgb(pixels: Pixels, profile: bytes) -> Pixels:
    """Convert grey or RGB pixels (F, H, W, C) uint8 to sRGB, with an ICC profile that fits them."""
    if pixels.shape[-1] == 1:
        colours = _apply(_transform(profile, "L"), _RAMP)[0].astype(np.uint16)
        return ((colours.sum(axis=-1) + 1) // 3).astype(np.uint8)[pixels]
    frames = [_apply(_transform(profile, "RGB"), np.ascontiguousarray(f)) for f in pixels]
    return np.stack(frames)


def _apply(transform: Any, array: Pixels) -> Pixels:
    return np.asarray(transform.apply(Image.fromarray(array)))


def _opened(profile: bytes) -> Any:
    from PIL import ImageCms  # takes 30 ms to import

    return ImageCms.getOpenProfile(io.BytesIO(profile))


@lru_cache(maxsize=8)
def _transform(profile: bytes, mode: str) -> Any:
    from PIL import ImageCms

    return ImageCms.buildTransform(
        _opened(profile), ImageCms.createProfile("sRGB"), mode, "RGB", ImageCms.Intent.PERCEPTUAL
    )
