"""Count the pages, samples and tags of TIFF files before a package reads them."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

import numpy as np

from aecodec.errors import ImageError
from aecodec.format.kept_tags import (
    EXTRA_SAMPLES,
    PHOTOMETRIC,
    PLANAR,
    SUBFILE_TYPE,
    TYPE_SIZES,
    KeptTags,
    Tag,
)

WIDTH, LENGTH, BITS, COMPRESSION, OFFSETS, SAMPLES, STRIP_ROWS, COUNTS = (
    256, 257, 258, 259, 273, 277, 278, 279,
)  # fmt: skip
TILE_WIDTH, TILE_LENGTH, TILE_OFFSETS, TILE_COUNTS, SUB_IFDS, SAMPLE_FORMAT = (
    322, 323, 324, 325, 330, 339,
)  # fmt: skip
SUBSAMPLING = 530

REDUCED, PAGE, MASK = 1, 2, 4
"""Bits of NewSubfileType: an overview, one of several pages, a mask with 0 for missing pixels."""

JPEG = 7
_SIZES = {**TYPE_SIZES, 13: 4, 16: 8, 17: 8, 18: 8}
_MOST_TAGS = 4096
_SHARED = 1 << 20
"""Bytes by which tags may exceed the file, because some programs let pages share them."""


@dataclass(frozen=True)
class Directory:
    """A page of a TIFF file: all its tags, and its place; `is_sub` if it is in SubIFDs."""

    tags: KeptTags
    place: int
    is_sub: bool = False

    def number(self, code: int, default: int = 0) -> int:
        """First number of a tag."""
        return int(next(iter(self.tags.numbers(code)), default))

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels."""
        return self.number(WIDTH), self.number(LENGTH)

    @property
    def samples(self) -> int:
        """Samples of a pixel."""
        return self.number(SAMPLES, 1)

    @property
    def bits(self) -> tuple[int, ...]:
        """The different numbers of bits of its samples."""
        return tuple(sorted(set(self.tags.numbers(BITS)))) or (1,)

    @property
    def pixel_bytes(self) -> int:
        """Bytes of a decoded pixel."""
        return self.samples * -(-self.bits[-1] // 8)

    @property
    def planes(self) -> int:
        """Number of planes that hold the samples of a pixel."""
        return self.samples if self.number(PLANAR, 1) == 2 else 1

    @property
    def segment(self) -> tuple[int, int]:
        """(width, height) of its tiles or strips."""
        width, height = self.size
        if self.number(TILE_WIDTH):
            return self.number(TILE_WIDTH), max(self.number(TILE_LENGTH), 1)
        return width, min(self.number(STRIP_ROWS, height) or height, height)

    @property
    def is_reduced(self) -> bool:
        """Whether it is an overview."""
        return bool(self.number(SUBFILE_TYPE) & REDUCED) or self.number(255) == 2

    @property
    def is_mask(self) -> bool:
        """Whether it marks missing pixels of another page."""
        return bool(self.number(SUBFILE_TYPE) & MASK)

    @property
    def kind(self) -> tuple[object, ...]:
        """Properties that frames of a picture share."""
        codes = PHOTOMETRIC, PLANAR, EXTRA_SAMPLES, SAMPLE_FORMAT
        return self.size, self.samples, self.bits, *map(self.tags.numbers, codes)

    def absent_segments(self) -> int:
        """Number of strips or tiles that the file leaves out, with neither a place nor bytes.

        Raises ImageError unless there are as many as its size needs, each with a place and bytes.
        """
        is_tiled = bool(self.number(TILE_WIDTH))
        codes = (TILE_OFFSETS, TILE_COUNTS) if is_tiled else (OFFSETS, COUNTS)
        places, counts = (np.array(self.tags.numbers(code), np.uint64) for code in codes)
        (width, height), (across, down) = self.size, self.segment
        needed = self.planes * -(-width // across) * -(-height // down)
        if not len(places) == len(counts) >= needed:
            raise ImageError(f"damaged: it lists {len(places)} of its {needed} strips or tiles")
        lost = np.count_nonzero((places == 0) != (counts == 0))
        if lost:
            raise ImageError(f"damaged: {lost} of its strips or tiles have no place in the file")
        return int(np.count_nonzero(counts[:needed] == 0))


def is_tiff(prefix: bytes) -> bool:
    """Whether a file begins like a TIFF or BigTIFF file.

    >>> is_tiff(b"MM\\0+"), is_tiff(b"MM")
    (True, False)
    """
    return prefix[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


def directories(file: IO[bytes]) -> Iterator[Directory]:
    """The pages of a TIFF file, each followed by those in its SubIFDs.

    Raises ImageError if its pages repeat, or its tags have more bytes than the file, and
    struct.error if it is damaged otherwise.
    """
    walk = _Walk(file)
    place, seen = walk.first, set[int]()
    while place:
        if place in seen:
            raise ImageError("damaged: its pages repeat")
        seen.add(place)
        tags, following = walk.tags_at(place)
        yield Directory(tags, place)
        for sub in tags.numbers(SUB_IFDS):
            yield Directory(walk.tags_at(sub)[0], sub, is_sub=True)
        place = following


def directory_at(file: IO[bytes], place: int) -> Directory:
    """The directory at a place of a TIFF file; errors are as for :func:`directories`."""
    return Directory(_Walk(file).tags_at(place)[0], place)


class _Walk:
    """Reads directories, as long as the bytes of their tags could be those of the file."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._budget = file.seek(0, os.SEEK_END) + _SHARED
        magic = self._bytes_at(0, 4)
        self._order, self._is_big = "<>"[magic[:2] == b"MM"], b"+" in magic
        self._place, self._entry = ("Q", "HHQ8s") if self._is_big else ("I", "HHI4s")
        (self.first,) = self._unpack(self._place, 8 if self._is_big else 4)

    def tags_at(self, place: int) -> tuple[KeptTags, int]:
        """The tags of a directory, and the place of the next one."""
        (count,) = self._unpack("Q" if self._is_big else "H", place)
        if count > _MOST_TAGS:
            raise ImageError(f"a page with {count} tags: at most {_MOST_TAGS} are read")
        start, size = place + (8 if self._is_big else 2), struct.calcsize("<" + self._entry)
        entries = self._bytes_at(start, count * size)
        tags = [
            self._tag(*fields) for fields in struct.iter_unpack(self._order + self._entry, entries)
        ]
        (following,) = self._unpack(self._place, start + count * size)
        return KeptTags(tags, self._order), following

    def _tag(self, code: int, kind: int, count: int, field: bytes) -> Tag:
        size = count * _SIZES.get(kind, 0)
        if size <= len(field):
            return Tag(code, kind, field[:size])
        (place,) = struct.unpack(self._order + self._place, field)
        return Tag(code, kind, self._bytes_at(place, size))

    def _unpack(self, code: str, place: int) -> tuple[int, ...]:
        return struct.unpack(self._order + code, self._bytes_at(place, struct.calcsize("<" + code)))

    def _bytes_at(self, place: int, size: int) -> bytes:
        self._budget -= size
        if self._budget < 0:
            raise ImageError("damaged: its tags have more bytes than the file")
        self._file.seek(place)
        content = self._file.read(size)
        if len(content) < size:
            raise ImageError("the file ends in its tags: fetch it again")
        return content
