"""The tags of a TIFF file to restore, stored as a TIFF file without pixels.

The metadata entry `MetadataKind.TIFF` has a header and one IFD in the byte order of the source.
"""

from __future__ import annotations

import html
import re
import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aecodec.base.errors import FormatError
from aecodec.format.container import MetadataKind

ASCII, SHORT, RATIONAL, DOUBLE = 2, 3, 5, 12
_NUMBERS = {1: "B", SHORT: "H", 4: "I", RATIONAL: "I", DOUBLE: "d", 13: "I", 16: "Q", 18: "Q"}
TYPE_SIZES = dict(zip(range(1, 13), (1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8), strict=True))
"""Bytes per value, for each type in classic TIFF files."""

DESCRIPTION, DOCUMENT_NAME = 270, 269
SUBFILE_TYPE, PHOTOMETRIC, PLANAR, EXTRA_SAMPLES = 254, 262, 284, 338
X_RESOLUTION, Y_RESOLUTION, RESOLUTION_UNIT = 282, 283, 296
GDAL_METADATA, GDAL_NODATA = 42112, 42113

_MAGIC = {"<": b"II*\0", ">": b"MM\0*"}
_OME_CHANNEL = re.compile(r'<(?:\w+:)?Channel\b[^>]*?\sName="([^"]*)"')
_GDAL_ITEM = re.compile(r"<Item\b([^>]*)>([^<]*)</Item>")
_GDAL_BAND = re.compile(r'\ssample="(\d+)"')


@dataclass(frozen=True)
class Tag:
    """A tag of a TIFF file: its code, a type of :data:`TYPE_SIZES`, and the value in the file."""

    code: int
    type: int
    value: bytes

    @property
    def text(self) -> str:
        """The value as text, without the zero at its end."""
        return self.value.rstrip(b"\0").decode("utf-8", "replace")


def text_tag(code: int, text: str) -> Tag:
    return Tag(code, ASCII, text.encode() + b"\0")


@dataclass(frozen=True)
class KeptTags:
    """Tags of a TIFF file, whose values are little-endian (`<`) or big-endian (`>`)."""

    tags: Sequence[Tag]
    byte_order: str = "<"

    def get(self, code: int) -> Tag | None:
        """Return the tag with this number, or None."""
        return next((tag for tag in self.tags if tag.code == code), None)

    def numbers(self, code: int) -> tuple[Any, ...]:
        """Values of a tag, unsigned or DOUBLE; empty if there is no such tag."""
        tag = self.get(code)
        if tag is None or tag.type not in _NUMBERS:
            return ()
        numbers = struct.iter_unpack(self.byte_order + _NUMBERS[tag.type], tag.value)
        return tuple(number for (number,) in numbers)

    def text(self, code: int) -> str:
        tag = self.get(code)
        return tag.text if tag else ""

    def pack(self) -> bytes:
        """Write a TIFF file without pixels."""
        tags = sorted(self.tags, key=lambda tag: tag.code)
        entries, values, end = b"", b"", 8 + 2 + 12 * len(tags) + 4
        for tag in tags:
            field = tag.value.ljust(4, b"\0")
            if len(field) > 4:
                field = self._packed("I", end + len(values))
                values += tag.value + bytes(len(tag.value) % 2)
            count = len(tag.value) // TYPE_SIZES[tag.type]
            entries += self._packed("HHI", tag.code, tag.type, count) + field
        head = _MAGIC[self.byte_order] + self._packed("IH", 8, len(tags))
        return head + entries + self._packed("I", 0) + values

    def _packed(self, code: str, *numbers: int) -> bytes:
        return struct.pack(self.byte_order + code, *numbers)

    @classmethod
    def unpack(cls, data: bytes) -> KeptTags:
        """Read a TIFF file without pixels; FormatError if it is damaged."""
        try:
            byte_order = {magic: order for order, magic in _MAGIC.items()}[data[:4]]
            (start,) = struct.unpack_from(byte_order + "I", data, 4)
            (count,) = struct.unpack_from(byte_order + "H", data, start)
            places = range(start + 2, start + 2 + 12 * count, 12)
            struct.unpack_from("4x", data, places.stop)  # the place of the next IFD
            return cls(list(_read_tags(data, places, byte_order)), byte_order)
        except (KeyError, struct.error) as error:
            raise FormatError("damaged: its TIFF tags cannot be read") from error


def _read_tags(data: bytes, places: Iterable[int], byte_order: str) -> Iterator[Tag]:
    remaining = len(data)  # tags that share their bytes could take any amount of memory
    for place in places:
        code, kind, count, offset = struct.unpack_from(byte_order + "HHII", data, place)
        size = count * TYPE_SIZES[kind]
        start = place + 8 if size <= 4 else offset
        remaining -= size
        if remaining < 0 or start + size > len(data):
            raise struct.error
        yield Tag(code, kind, data[start : start + size])


def names_in(metadata: Mapping[MetadataKind, bytes], bands: int) -> tuple[str, ...] | None:
    """Names of the bands in the TIFF tags of a file, if any; see :func:`band_names`."""
    tags = metadata.get(MetadataKind.TIFF)
    return band_names(KeptTags.unpack(tags), bands) if tags else None


def band_names(kept: KeptTags, bands: int) -> tuple[str, ...] | None:
    """Names of the bands in OME's XML or GDAL's metadata; None if some band has no name."""
    channels = dict(enumerate(_OME_CHANNEL.findall(kept.text(DESCRIPTION))))
    names = channels | _gdal_names(kept)
    if set(names) != set(range(bands)):
        return None
    return tuple(html.unescape(names[band]) for band in range(bands))


def alpha_bands(metadata: Mapping[MetadataKind, bytes], bands: int) -> list[int]:
    """Numbers of the bands that are alpha according to the TIFF tags of a picture."""
    tags = metadata.get(MetadataKind.TIFF)
    extra = KeptTags.unpack(tags).numbers(EXTRA_SAMPLES) if tags else ()
    return [bands - len(extra) + place for place, kind in enumerate(extra) if kind in (1, 2)]


def _gdal_names(kept: KeptTags) -> dict[int, str]:
    """Names in GDAL's metadata, by the numbers of the bands."""
    names = dict[int, str]()
    for attributes, text in _GDAL_ITEM.findall(kept.text(GDAL_METADATA)):
        band = _GDAL_BAND.search(attributes)
        if band and 'role="description"' in attributes:
            names[int(band[1])] = text
    return names
