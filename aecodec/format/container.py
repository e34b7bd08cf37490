"""The part of an `.aec` file before its payload: the header and the metadata.

The library reads and writes headers (:mod:`aecodec.native.headers`), but neither interprets nor
writes metadata. The specification is `docs/FORMAT.md`.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import NamedTuple

from aecodec.base.errors import FormatError
from aecodec.format.arrays import Samples
from aecodec.format.binary import block, read_leb128
from aecodec.format.origin import Origin
from aecodec.format.refinement import Refinement

MAGIC = b"\xaeC"
"""First bytes of a file. Version 2 has refinements of a base, version 3 refinements only."""

CODEC_ID_SIZE = 4
MAX_SIDE = 1 << 20
MAX_FRAMES = 1 << 24
MAX_PIXELS = 1 << 30
MAX_REDUCED_PIXELS = 1 << 26
LARGE_PICTURE = 1 << 22
"""Minimum pixels of a frame for which rate control tries fewer pixels at all levels."""

LEVEL_UNITS = 16
"""Levels are stored in sixteenths, which allows levels between whole ones."""

NOT_REDUCED = 2
"""Reduction factors are stored in halves: 2 is the original size, 3 is 1.5 times smaller."""


class Mode(IntEnum):
    """Pixel mode. The value is the two low bits of the flags byte."""

    L = 0
    RGB = 1
    LA = 2
    RGBA = 3

    @property
    def has_alpha(self) -> bool:
        """Whether the file has alpha planes, which are lossless."""
        return self in (Mode.LA, Mode.RGBA)

    @property
    def channels(self) -> int:
        """Number of channels without alpha: 1 or 3."""
        return 3 if self in (Mode.RGB, Mode.RGBA) else 1


class MetadataKind(IntEnum):
    """Kind of a metadata entry."""

    ICC = 1
    EXIF = 2
    XMP = 3
    TIFF = 4
    """A TIFF file without pixels, with the tags to restore."""
    ORIGIN = 5
    """The source file; see :class:`~aecodec.format.origin.Origin`."""
    NAMES = 6
    """Names of the pictures of a stack; see :mod:`aecodec.format.stack_names`."""
    AS_RGB = 7
    """No content: grey pixels are decoded to RGB with equal channels."""


class Header(NamedTuple):
    """The fields of an `.aec` file that precede its payload.

    Attributes:
        codec_id: the first 4 bytes of the codec's SHA-256.
        mode: pixel mode of the coded pictures.
        size: (width, height) in pixels, or None for the codec's tile size.
        level: quality level in sixteenths (16 is level 1), or None for the codec's default.
        reduction: factor, in halves, by which the sides were reduced; 2 without reduction.
        alpha: zlib stream of the alpha planes of all frames; empty without alpha.
        samples: type, layout and missing samples of a file with bands, or None.
        metadata: ICC profile, EXIF, XMP, tags of a TIFF file, and names of the pictures.
        as_rgb: whether grey pixels are decoded to RGB with three equal channels.
        refinements: refinements of the samples, the coarsest first.
    """

    codec_id: bytes
    mode: Mode = Mode.L
    size: tuple[int, int] | None = None
    level: int | None = None
    frames: int = 1
    reduction: int = NOT_REDUCED
    samples: Samples | None = None
    alpha: bytes = b""
    metadata: Mapping[MetadataKind, bytes] = {}
    origin: Origin | None = None
    as_rgb: bool = False
    refinements: tuple[Refinement, ...] = ()

    @property
    def has_base(self) -> bool:
        """Whether the payload has a picture; without it, the first refinement has all samples."""
        return not self.refinements or self.refinements[0].has_base

    @property
    def picture_mode(self) -> Mode:
        """Pixel mode of the decoded pictures."""
        if not self.as_rgb:
            return self.mode
        return Mode.RGBA if self.mode.has_alpha else Mode.RGB


def pack_metadata(
    metadata: Mapping[MetadataKind, bytes], origin: Origin | None, *, as_rgb: bool = False
) -> bytes:
    """The entries of the metadata, with ascending kinds; FormatError for a wrong extension."""
    entries = dict(metadata)
    if origin:
        entries[MetadataKind.ORIGIN] = origin.pack()
    if as_rgb:
        entries[MetadataKind.AS_RGB] = b""
    return b"".join(bytes([kind]) + block(value) for kind, value in sorted(entries.items()))


def read_metadata(content: bytes) -> tuple[dict[MetadataKind, bytes], Origin | None]:
    """The metadata and the origin in the entries of a file, which the library has checked."""
    entries, place = dict[MetadataKind, bytes](), 0
    while place < len(content):
        kind = MetadataKind(content[place])
        size, start = read_leb128(content, place + 1)
        place = start + size
        entries[kind] = content[start:place]
    origin = entries.pop(MetadataKind.ORIGIN, None)
    entries.pop(MetadataKind.AS_RGB, None)
    return entries, None if origin is None else Origin.unpack(origin)


def check_size(size: tuple[int, int], frames: int) -> None:
    """Raise FormatError if a file cannot hold this many pictures of this (width, height)."""
    width, height = size
    if not (min(size) >= 1 and max(size) <= MAX_SIDE):
        raise FormatError(f"{width}x{height} pixels: each side must have 1 to {MAX_SIDE} pixels")
    if not 1 <= frames <= MAX_FRAMES:
        raise FormatError(f"{frames} frames: a file can hold 1 to {MAX_FRAMES} frames")
    if width * height * frames > MAX_PIXELS:
        raise FormatError(
            f"{frames} x {width}x{height} pixels: a file can hold at most {MAX_PIXELS}"
        )
