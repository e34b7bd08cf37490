"""Read and write FITS files."""

import math
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from aecodec.base.errors import ImageError, Notes, UsageError
from aecodec.format.container import MetadataKind
from aecodec.format.kept_tags import DESCRIPTION, KeptTags, text_tag
from aecodec.image_files.options import ReadOptions
from aecodec.imaging.array_pictures import native_type, samples_picture
from aecodec.imaging.picture import Picture, source_array

_BLOCK, _CARD = 2880, 80
"""Sizes in bytes: headers and data of FITS files consist of blocks, and headers of cards."""

_TYPES = {8: ">u1", 16: ">i2", 32: ">i4", 64: ">i8", -32: ">f4", -64: ">f8"}
_UNSIGNED = 0x8000
"""BZERO of FITS files with uint16 samples, which they store as int16."""

_MOST_HEADERS = 1000 * _BLOCK
"""Bytes of all headers of a FITS file up to the image."""

_CHECKSUMS = (b"CHECKSUM=", b"DATASUM =")
"""Starts of headers that become blank, as they do not fit samples that changed."""


@dataclass(frozen=True)
class _Unit:
    """A header of a FITS file: values by keyword, axes (slowest first) and position of its data."""

    cards: dict[str, str]
    shape: tuple[int, ...]
    start: int

    @property
    def dtype(self) -> np.dtype[Any]:
        return np.dtype(_TYPES[int(self.cards["BITPIX"])])

    @property
    def size(self) -> int:
        return math.prod(self.shape) * self.dtype.itemsize if self.shape else 0


def _units(file: IO[bytes]) -> Iterator[_Unit]:
    place = 0
    while (start := file.read(_CARD)).strip(b"\0 "):
        cards, card = dict[str, str](), start
        while (keyword := card[:8].decode("ascii").strip()) != "END":
            place += _CARD
            if len(card) < _CARD:
                raise ImageError("the file ends in the middle of a header: download the file again")
            if place > _MOST_HEADERS:
                raise ImageError(f"the headers of this FITS file exceed {_MOST_HEADERS} bytes")
            cards.setdefault(keyword, card[10:].decode("ascii", "replace").split("/")[0].strip())
            card = file.read(_CARD)
        place = -(-(place + _CARD) // _BLOCK) * _BLOCK
        axes = range(int(cards["NAXIS"]), 0, -1)
        yield _Unit(cards, tuple(int(cards[f"NAXIS{axis}"]) for axis in axes), place)
        file.seek(place)


def read_fits(file: IO[bytes], options: ReadOptions, notes: Notes) -> Picture:
    """Read the first image of a FITS file; values are as stored, before BSCALE.

    Raises ImageError unless it has 2 or 3 axes and a supported type; other errors if damaged.
    """
    unit = next((unit for unit in _units(file) if unit.size), None)
    if (
        unit is None
        or len(unit.shape) not in (2, 3)
        or "BINTABLE" in unit.cards.get("XTENSION", "")
    ):
        raise ImageError("the first HDU with data in this file is not an image with 2 or 3 axes")
    native_type(unit.dtype)
    *planes, height, width = unit.shape
    bands = planes[0] if planes else 1
    options.check_pixels((width, height), 1, bands * unit.dtype.itemsize)
    file.seek(0)
    headers, content = file.read(unit.start), file.read(unit.size)
    if len(content) < unit.size:
        raise ImageError("the file ends before the end of its image: download the file again")
    if file.seek(0, os.SEEK_END) > unit.start + -(-unit.size // _BLOCK) * _BLOCK:
        notes.add("aecodec reads only the first image of this FITS file")
    array = np.frombuffer(content, unit.dtype)
    blank: float | None = int(unit.cards["BLANK"]) if "BLANK" in unit.cards else None
    if unit.dtype == ">i2" and float(unit.cards.get("BZERO", 0)) == _UNSIGNED:
        array = _with_other_sign(array)
        blank = None if blank is None else blank + _UNSIGNED
    picture = samples_picture(
        array.reshape(unit.shape),
        band_axis=-3 if planes else None,
        nodata=options.nodata_for(None if array.dtype.kind == "f" else blank, array, notes),
    )
    tag = text_tag(DESCRIPTION, headers.decode("ascii").rstrip())
    kept = KeptTags([tag], ">" if picture.is_big_endian else "<")
    return replace(picture, metadata={MetadataKind.TIFF: kept.pack()})


def _with_other_sign(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Convert big-endian int16 to uint16, minus and plus 32768, or back."""
    return (array.view(">u2") ^ np.uint16(_UNSIGNED)).astype(">u2")


def write_fits(picture: Picture) -> bytes:
    """Write the samples of a FITS file with its headers; UsageError if the picture has none."""
    stored = picture.metadata.get(MetadataKind.TIFF)
    headers = KeptTags.unpack(stored).text(DESCRIPTION).encode() if stored else b""
    if not headers.startswith(b"SIMPLE"):
        raise UsageError(
            "only pictures from FITS files can be written as FITS: choose .tif or .npy"
        )
    array = source_array(picture)
    array = array.astype(array.dtype.newbyteorder(">"))
    nodata, cards = picture.nodata, [headers[n : n + _CARD] for n in range(0, len(headers), _CARD)]
    cards = [b" " * _CARD if card.startswith(_CHECKSUMS) else card for card in cards]
    if array.dtype.kind == "f" and nodata is not None:
        array[array == nodata] = np.nan
    elif nodata is not None:
        _set_blank(cards, int(nodata) - _UNSIGNED * (array.dtype == ">u2"))
    if array.dtype == ">u2":
        array = _with_other_sign(array)
    return _padded(b"".join(cards), b" ") + _padded(array.tobytes(), b"\0")


def _set_blank(cards: list[bytes], blank: int) -> None:
    start = max(n for n, card in enumerate(cards) if card.startswith((b"SIMPLE", b"XTENSION")))
    place = next((n for n in range(start, len(cards)) if cards[n][:8] == b"BLANK   "), None)
    card = (b"BLANK   = %20d" % blank).ljust(_CARD)
    if place is None:
        cards.insert(-1, card)
    elif int(cards[place][10:].split(b"/")[0]) != blank:
        cards[place] = card


def _padded(content: bytes, filler: bytes) -> bytes:
    return content + filler * (-len(content) % _BLOCK)
