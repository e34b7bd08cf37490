"""Convert Pillow's modes to those of the format: L, LA, RGB and RGBA with 8 bits.

Pillow keeps all bits of grey images, but only the upper byte of each channel of colour images.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from aecodec.base.arrays import Pixels
from aecodec.base.errors import ImageError, Notes
from aecodec.format.container import MetadataKind, Mode
from aecodec.image_files import colour
from aecodec.imaging.picture import ANY_CODEC, Picture

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
"""Modes with RGB colours in different coordinates; RGB profiles fit them."""

_WITH_ALPHA = {"L": "LA", "RGB": "RGBA"}

_STRIP = 256


def to_picture(image: Image.Image, metadata: dict[MetadataKind, bytes], notes: Notes) -> Picture:
    """Make a picture from a loaded, upright image with 8 bits and a profile that fits.

    Lossy conversions are noted.
    """
    converted, profile = _convert(image, metadata.get(MetadataKind.ICC), notes)
    if profile is None:
        metadata = {k: v for k, v in metadata.items() if k is not MetadataKind.ICC}
    return _split_alpha(converted, metadata)


def _convert(
    image: Image.Image, profile: bytes | None, notes: Notes
) -> tuple[Image.Image, bytes | None]:
    if image.mode not in {*_LOSSLESS_MODES, *_RGB_SPACES}:
        return _to_srgb(image, profile, notes), None
    if image.mode in _RGB_SPACES:
        notes.add(f"{image.mode} was converted to RGB")
    mode = _mode_of(image)
    converted = image if image.mode == mode else image.convert(mode)
    if profile and profile[36:40] == b"acsp":
        profile = colour.fitting_profile(profile, converted.mode, notes)
    return converted, profile  # bytes that are not a profile change no colours, and are kept


def _mode_of(image: Image.Image) -> str:
    mode = _LOSSLESS_MODES.get(image.mode, "RGB")
    return _WITH_ALPHA.get(mode, mode) if image.has_transparency_data else mode


def _to_srgb(image: Image.Image, profile: bytes | None, notes: Notes) -> Image.Image:
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
    """Copy an image to (H, W, C) in strips, because Pillow makes two copies to export it."""
    width, height = image.size
    array = np.empty((height, width, len(image.getbands())), np.uint8)
    for top in range(0, height, _STRIP):
        rows = array[top : top + _STRIP]
        strip = image.crop((0, top, width, top + len(rows)))
        rows[:] = np.asarray(strip).reshape(rows.shape)
    return array


DEEP_MODES = frozenset({"I", "F", "I;16", "I;16B", "I;16L", "I;16N"})
_CUT_RAW_MODES = (";16B", ";16L", ";16N")
_UNSIGNED_RAW_MODES = frozenset({"I;12", "I;16", "I;16B", "I;16L", "I;16N"})


def largest_value(image: Image.Image) -> int | None:
    """Largest value of a channel of an unloaded image: 255, or 65535 for 16 bits.

    None for floats and integers with 32 bits, because their range depends on the picture.
    """
    if image.mode.startswith("I;16"):
        return 4095 if "I;12" in _raw_modes(image) else 65535
    if image.mode == "I" and (
        getattr(image, "format", None) == "PPM"  # Pillow scales it to 16 bits
        or not _UNSIGNED_RAW_MODES.isdisjoint(_raw_modes(image))
    ):
        return 65535
    if image.mode in DEEP_MODES:
        return None
    return 65535 if _is_cut(image) else 255


def check_scale(image: Image.Image) -> None:
    """Raise ImageError if Pillow scales the grey levels of an unloaded image to 16 bits."""
    bits = stored_samples(image).bits
    largest = _netpbm_max(image) or (0 if bits in (8, 16) else (1 << bits) - 1)
    if largest:
        raise ImageError(
            f"its maximum is {largest}, but Pillow scales it to 65535: convert the file to TIFF"
        )


def note_scale(image: Image.Image, notes: Notes) -> None:
    raw = next((mode for mode in _raw_modes(image) if mode.startswith(("L;2", "L;4"))), "L;8")
    bits = min(int(raw[2]), stored_samples(image).bits)
    largest = _netpbm_max(image) or (1 << bits) - 1
    if largest < 255:
        notes.add(f"its levels from 0 to {largest} were scaled to 0..255")


def to_8_bits(image: Image.Image, largest: int, notes: Notes) -> Image.Image:
    """Scale a loaded image to 8 bits per channel: L, or LA if a value is transparent.

    Modes that Pillow has truncated do not change. `largest` is the value before loading.
    """
    if image.mode not in DEEP_MODES:
        if image.info.pop("transparency", None) is not None:
            notes.add("aecodec drops its transparent colour, which has 16 bits per channel")
        return image
    values = np.asarray(image)
    table = np.rint(np.arange(65536).clip(0, largest) * (255 / largest)).astype(np.uint8)
    scaled = Image.fromarray(table[values.clip(0, 65535)])
    scaled.info = dict(image.info)
    transparent = scaled.info.pop("transparency", None)
    if isinstance(transparent, int):
        scaled.putalpha(Image.fromarray(np.where(values == transparent, 0, 255).astype(np.uint8)))
    return scaled


def _is_cut(image: Image.Image) -> bool:
    is_raw = any(mode.endswith(_CUT_RAW_MODES) for mode in _raw_modes(image))
    return is_raw or _netpbm_max(image) > 255 or stored_samples(image).bits > 8


def _raw_modes(image: Image.Image) -> list[str]:
    arguments = map(_arguments, getattr(image, "tile", ()))
    return [str(values[0]) for values in arguments if values]


def _netpbm_max(image: Image.Image) -> int:
    """Largest value according to a PPM file, if Pillow scales its values; otherwise 0."""
    tiles = [tile for tile in getattr(image, "tile", ()) if str(tile[0]).startswith("ppm")]
    values = [_arguments(tile)[-1] for tile in tiles]
    return max((value for value in values if isinstance(value, int)), default=0)


def _arguments(tile: Any) -> tuple[Any, ...]:
    return tile[3] if isinstance(tile[3], tuple) else (tile[3],)


_HEADER_SIZE = 1 << 20
_CODESTREAM, _SIGNED = b"\xff\x4f\xff\x51", 128


class Stored(NamedTuple):
    """Channels of a picture, how many of them are colours or alpha, and the bits of each."""

    channels: int
    known: int
    bits: int


def stored_samples(image: Image.Image) -> Stored:
    """What the file of an unloaded image stores; for most formats, according to Pillow."""
    bands, file = len(image.getbands()), getattr(image, "fp", None)
    read = _HEADERS.get(image.format or "")
    if file is None or read is None:
        return Stored(bands, bands, 8)
    place = file.tell()
    file.seek(0)
    header = file.read(_HEADER_SIZE)
    file.seek(place)
    return read(header, image)


def check_channels(image: Image.Image) -> None:
    """Raise ImageError if Pillow drops channels of an unloaded image, or mistakes one for alpha."""
    stored = stored_samples(image)
    if stored.channels != stored.known:
        raise ImageError(
            f"only {stored.known} of its {stored.channels} channels are colours or alpha: convert "
            f"the file to TIFF, and {ANY_CODEC}"
        )


def _of_jpeg_2000(header: bytes, image: Image.Image) -> Stored:
    start = header.index(_CODESTREAM)
    channels = int.from_bytes(header[start + 40 : start + 42], "big")
    depths = header[start + 42 : start + 42 + 3 * channels : 3]
    is_alpha = channels in (2, 4) and image.mode != "CMYK"
    known = channels - (is_alpha and b"cdef" not in header[:start])
    return Stored(channels, 0 if max(depths) > _SIGNED else known, 1 + max(depths) % _SIGNED)


def _of_avif(header: bytes, image: Image.Image) -> Stored:
    bands, flags = len(image.getbands()), header[header.index(b"av1C") + 6]
    return Stored(bands, bands, (8, 8, 10, 12)[flags >> 5 & 3])


def _of_sgi(header: bytes, image: Image.Image) -> Stored:
    bands = len(image.getbands())
    return Stored(bands, bands, 8 * header[3])


_HEADERS: dict[str, Callable[[bytes, Image.Image], Stored]] = {
    "AVIF": _of_avif,
    "JPEG2000": _of_jpeg_2000,
    "PSD": lambda header, image: Stored(
        int.from_bytes(header[12:14], "big"), len(image.getbands()), 8
    ),
    "SGI": _of_sgi,
}
