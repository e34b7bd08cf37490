"""Count the pages, samples and tags of TIFF files before a package reads them."""

from __future__ import annotations

import math
import os
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

import numpy as np

from aecodec.base.errors import ImageError, Notes
from aecodec.format import kept_tags
from aecodec.image_files.options import Frames, ReadOptions
from aecodec.imaging.picture import ANY_CODEC

_WIDTH, _LENGTH, _BITS, _COMPRESSION, _SAMPLES, _STRIP_ROWS = 256, 257, 258, 259, 277, 278
_OFFSETS, _COUNTS, _TILE_OFFSETS, _TILE_COUNTS = 273, 279, 324, 325
_TILE_WIDTH, _TILE_LENGTH, _SUB_IFDS, _SAMPLE_FORMAT, _SUBSAMPLING = 322, 323, 330, 339, 530
_DEPTH = 32997

REDUCED, PAGE, MASK = 1, 2, 4
"""Bits of NewSubfileType: an overview, one of several pages, a mask with 0 for missing pixels."""

JPEG = 7
_CMYK, _YCBCR, _PREMULTIPLIED = 5, 6, 1
_COLOURS = {0: 1, 1: 1, 2: 3, 3: 1, 5: 4, 6: 3, 8: 3}
"""Samples of the colours that Pillow reads: grey levels, RGB, palettes, CMYK, YCbCr, Lab."""

_STACKED = (0, 1, 2)
"""Kinds of colours whose pages are frames."""

_BY_PILLOW = {1, 2, 3, 4, 5, 6, 7, 8, 32773, 32946, 34925, 50000}
GEOREFERENCE = {33550, 33922, 34264, 34735, 34736, 34737, 42112, 42113, 50844}
"""Tags of scenes, with GDAL's."""

STRUCTURE = {*range(254, 260), 266, 273, 277, 278, 279, 280, 281, 284, 317, 318, 319, 322, 323}
STRUCTURE |= {324, 325, 330, 339, 340, 341, 347, 529, 530, 531, 532}
"""Tags that describe how the pixels are stored, or their range."""

OVERVIEWS = "aecodec drops its overviews"
SUB_PICTURES = "aecodec drops the pictures in its SubIFDs"

_SIZES = {**kept_tags.TYPE_SIZES, 13: 4, 16: 8, 17: 8, 18: 8}
_MOST_TAGS = 4096
_SHARED = 1 << 20
"""Bytes by which tags may exceed the file, because some programs let pages share them."""


@dataclass(frozen=True)
class Directory:
    """A page of a TIFF file: all its tags, and its place; `is_sub` if it is in SubIFDs."""

    tags: kept_tags.KeptTags
    place: int
    is_sub: bool = False

    def number(self, code: int, default: int = 0) -> int:
        return int(next(iter(self.tags.numbers(code)), default))

    @property
    def size(self) -> tuple[int, int]:
        return self.number(_WIDTH), self.number(_LENGTH)

    @property
    def samples(self) -> int:
        return self.number(_SAMPLES, 1)

    @property
    def bits(self) -> tuple[int, ...]:
        """The different numbers of bits of its samples."""
        return tuple(sorted(set(self.tags.numbers(_BITS)))) or (1,)

    @property
    def planes(self) -> int:
        return self.samples if self.number(kept_tags.PLANAR, 1) == 2 else 1

    @property
    def segment(self) -> tuple[int, int]:
        """(width, height) of its tiles or strips."""
        width, height = self.size
        if self.number(_TILE_WIDTH):
            return self.number(_TILE_WIDTH), max(self.number(_TILE_LENGTH), 1)
        return width, min(self.number(_STRIP_ROWS, height) or height, height)

    @property
    def is_reduced(self) -> bool:
        return bool(self.number(kept_tags.SUBFILE_TYPE) & REDUCED) or self.number(255) == 2

    @property
    def is_mask(self) -> bool:
        return bool(self.number(kept_tags.SUBFILE_TYPE) & MASK)

    @property
    def kind(self) -> tuple[object, ...]:
        """Properties that frames of a picture share."""
        codes = kept_tags.PHOTOMETRIC, kept_tags.PLANAR, kept_tags.EXTRA_SAMPLES, _SAMPLE_FORMAT
        return self.size, self.samples, self.bits, *map(self.tags.numbers, codes)

    def absent_segments(self) -> int:
        """Number of strips or tiles without a place and bytes; ImageError if some are lost."""
        is_tiled = bool(self.number(_TILE_WIDTH))
        codes = (_TILE_OFFSETS, _TILE_COUNTS) if is_tiled else (_OFFSETS, _COUNTS)
        places, counts = (np.array(self.tags.numbers(code), np.uint64) for code in codes)
        (width, height), (across, down) = self.size, self.segment
        needed = self.planes * -(-width // across) * -(-height // down)
        if not len(places) == len(counts) >= needed:
            raise ImageError(f"damaged: it lists {len(places)} of its {needed} strips or tiles")
        lost = np.count_nonzero((places == 0) != (counts == 0))
        if lost:
            raise ImageError(f"damaged: {lost} of its strips or tiles lack an offset or a size")
        return int(np.count_nonzero(counts[:needed] == 0))

    def check_limits(self, pages: int, options: ReadOptions) -> None:
        """Raise ImageError if pages like this one have no pixels or too many."""
        pixel_bytes = self.samples * -(-self.bits[-1] // 8)
        options.check_pixels(self.size, pages, pixel_bytes)
        options.check_pixels(self.segment, 1, pixel_bytes)

    @property
    def is_kept_by_pillow(self) -> bool:
        photometric, is_deep = self.number(kept_tags.PHOTOMETRIC), self.bits[-1] > 8
        has_alpha = self.tags.numbers(kept_tags.EXTRA_SAMPLES) in ((1,), (2,))
        is_unsigned = set(self.tags.numbers(_SAMPLE_FORMAT)) <= {1}
        is_jpeg = self.number(_COMPRESSION) == JPEG
        return (
            self.samples == _COLOURS.get(photometric, 0) + has_alpha
            and self.number(_DEPTH, 1) == len(self.bits) == 1
            and (is_unsigned or is_deep)
            and not (is_deep and (self.planes > 1 or photometric == 0))
            and (photometric != _YCBCR or is_jpeg or self.tags.numbers(_SUBSAMPLING) == (1, 1))
            and self.absent_segments() == 0
        )


def count_for_pillow(file: IO[bytes], options: ReadOptions, notes: Notes) -> None:
    """Count the pages that Pillow is to read; ImageError if it drops any of their samples."""
    is_preview = False
    for number, page in enumerate(directories(file)):
        if is_preview and not page.is_reduced:
            raise ImageError("its first page is a preview: convert the file to a plain TIFF file")
        if page.is_mask:
            raise ImageError(f"this TIFF file has a transparency mask: {ANY_CODEC}")
        if page.is_sub or (page.is_reduced and number):
            notes.add(OVERVIEWS if page.is_reduced else SUB_PICTURES)
        elif number == 0 or options.frames is Frames.ALL:
            page.check_limits(1, options)
            is_preview = page.is_reduced
            if not page.is_kept_by_pillow:
                raise ImageError(f"Pillow would drop or change samples of this file: {ANY_CODEC}")
            if page.tags.numbers(kept_tags.EXTRA_SAMPLES) == (_PREMULTIPLIED,):
                notes.add("its colours were divided by its alpha and rounded")


def is_picture(file: IO[bytes]) -> bool:
    """Whether a TIFF file is a picture that Pillow reads without loss, not a scene or stack."""
    pages = directories(file)
    first = next(pages, None)
    if first is None or not first.is_kept_by_pillow or first.bits[-1] > 8:
        return False
    photometric, alpha = (
        first.number(kept_tags.PHOTOMETRIC),
        first.tags.numbers(kept_tags.EXTRA_SAMPLES),
    )
    is_scene = not GEOREFERENCE.isdisjoint(tag.code for tag in first.tags.tags)
    if is_scene or photometric == _CMYK or alpha == (_PREMULTIPLIED,):
        return False
    second = next((page for page in pages if not (page.is_sub or page.is_reduced)), None)
    is_frame = photometric in _STACKED and first.bits == (8,)
    is_stack = second is not None and (first.is_reduced or second.is_mask or is_frame)
    return not is_stack and first.number(_COMPRESSION, 1) in _BY_PILLOW


def is_tiff(prefix: bytes) -> bool:
    """Whether a file begins like a TIFF or BigTIFF file."""
    return prefix[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


def directories(file: IO[bytes]) -> Iterator[Directory]:
    """The pages of a TIFF file, each followed by those in its SubIFDs.

    Raises ImageError if pages repeat or tags exceed the file, and struct.error for other damage.
    """
    walk = _Walk(file)
    place, seen, stated = walk.first, set[int](), 0
    while place:
        if place in seen:
            raise ImageError("damaged: its list of pages contains a loop")
        seen.add(place)
        tags, following = walk.tags_at(place)
        page = Directory(tags, place)
        stated = max(stated, _images_stated(page))
        yield page
        for sub in tags.numbers(_SUB_IFDS):
            yield Directory(walk.tags_at(sub)[0], sub, is_sub=True)
        place = following
    if stated > len(seen):
        raise ImageError(
            f"its tags list {stated} images for {len(seen)} pages: save it with one page per image"
        )


def _images_stated(page: Directory) -> int:
    """Number of images that ImageJ or tifffile stored after the first without pages, or 1."""
    text = page.tags.text(kept_tags.DESCRIPTION)
    images = re.search(r"^images=(\d{1,9})\s*$", text, re.MULTILINE)
    shape = re.match(r'\{"shape": \[([\d, ]+)\], "truncated": true', text)
    if shape:
        numbers, size = map(int, shape[1].split(", ")), math.prod(page.size) * page.samples
        return math.prod(numbers) // max(1, size)
    if images and text.startswith("ImageJ="):
        return int(images[1])
    return 1


class _Walk:
    """Reads directories until their tags have more bytes than the file."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._budget = file.seek(0, os.SEEK_END) + _SHARED
        magic = self._bytes_at(0, 4)
        self._order, self._is_big = "<>"[magic[:2] == b"MM"], b"+" in magic
        self._place, self._entry = ("Q", "HHQ8s") if self._is_big else ("I", "HHI4s")
        (self.first,) = self._unpack(self._place, 8 if self._is_big else 4)

    def tags_at(self, place: int) -> tuple[kept_tags.KeptTags, int]:
        (count,) = self._unpack("Q" if self._is_big else "H", place)
        if count > _MOST_TAGS:
            raise ImageError(f"a page has {count} tags, but aecodec reads at most {_MOST_TAGS}")
        start, size = place + (8 if self._is_big else 2), struct.calcsize("<" + self._entry)
        entries = self._bytes_at(start, count * size)
        tags = [
            self._tag(*fields) for fields in struct.iter_unpack(self._order + self._entry, entries)
        ]
        (following,) = self._unpack(self._place, start + count * size)
        return kept_tags.KeptTags(tags, self._order), following

    def _tag(self, code: int, kind: int, count: int, field: bytes) -> kept_tags.Tag:
        size = count * _SIZES.get(kind, 0)
        if size <= len(field):
            return kept_tags.Tag(code, kind, field[:size])
        (place,) = struct.unpack(self._order + self._place, field)
        return kept_tags.Tag(code, kind, self._bytes_at(place, size))

    def _unpack(self, code: str, place: int) -> tuple[int, ...]:
        return struct.unpack(self._order + code, self._bytes_at(place, struct.calcsize("<" + code)))

    def _bytes_at(self, place: int, size: int) -> bytes:
        self._budget -= size
        if self._budget < 0:
            raise ImageError("damaged: its tags claim more bytes than the file contains")
        self._file.seek(place)
        content = self._file.read(size)
        if len(content) < size:
            raise ImageError("the file ends in the middle of its tags: download the file again")
        return content
