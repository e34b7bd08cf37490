"""The channels and bits that a file stores, where Pillow does not say that it drops some."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from PIL import Image

from aecodec.errors import ImageError
from aecodec.imaging.picture import ANY_CODEC

_HEADER = 1 << 20
_CODESTREAM, _SIGNED = b"\xff\x4f\xff\x51", 128


class Stored(NamedTuple):
    """Channels of a picture, those that are colours or alpha, and the bits of each."""

    channels: int
    known: int
    bits: int


def stored_samples(image: Image.Image) -> Stored:
    """What the file of an unloaded image stores; what Pillow says, for most formats."""
    bands, file = len(image.getbands()), getattr(image, "fp", None)
    read = _READERS.get(image.format or "")
    if file is None or read is None:
        return Stored(bands, bands, 8)
    place = file.tell()
    file.seek(0)
    header = file.read(_HEADER)
    file.seek(place)
    return read(header, image)


def check_channels(image: Image.Image) -> None:
    """Raise ImageError if Pillow drops channels of an unloaded image, or takes one for alpha."""
    stored = stored_samples(image)
    if stored.channels != stored.known:
        raise ImageError(
            f"{stored.channels} channels, of which {stored.known} are colours or alpha: convert it "
            f"to TIFF, and {ANY_CODEC}"
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


def _of_photoshop(header: bytes, image: Image.Image) -> Stored:
    return Stored(int.from_bytes(header[12:14], "big"), len(image.getbands()), 8)


def _of_sgi(header: bytes, image: Image.Image) -> Stored:
    bands = len(image.getbands())
    return Stored(bands, bands, 8 * header[3])


_READERS: dict[str, Callable[[bytes, Image.Image], Stored]] = {
    "AVIF": _of_avif,
    "JPEG2000": _of_jpeg_2000,
    "PSD": _of_photoshop,
    "SGI": _of_sgi,
}
