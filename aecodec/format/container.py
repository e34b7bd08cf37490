"""The `.aec` container: a :class:`Header` and a payload to bytes, and back.

It describes and checks files without a codec and without decoding pixels. The specification is
`docs/FORMAT.md`.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from enum import IntEnum
from typing import NamedTuple

from aecodec.errors import FormatError, UsageError
from aecodec.format.binary import Reader, block, leb128
from aecodec.format.origin import Origin
from aecodec.format.refinement import MAX_REFINEMENTS, Bound, Refinement, unpack_refinement
from aecodec.format.samples import Samples, unpack_samples

MAGIC = b"\xaeC"
VERSION, REFINED_VERSION = 1, 2
"""A file of version 2 is a file of version 1, the base, and refinements."""

CODEC_ID_SIZE = 4
MAX_SIDE = 1 << 20
MAX_FRAMES = 1 << 24
MAX_PIXELS = 1 << 30
MAX_REDUCED_PIXELS = 1 << 26
LEVEL_UNITS = 16
"""Levels are stored in sixteenths, which allows levels between whole ones."""

NOT_REDUCED, MAX_REDUCTION = 2, 64
"""Reduction factors are stored in halves: 2 is the original size, 3 is 1.5 times smaller."""

_PREFIX_SIZE = len(MAGIC) + 1 + CODEC_ID_SIZE + 1
BEGINNING = 3 + 5 + _PREFIX_SIZE + 5 + 5 + 1 + 5
"""Largest size of the fields up to the number of pictures: the start of a file of version 2, the
prefix, width, height, level and number."""

_CRC_SIZE = 4

_MODE_BITS = 0b0000_0011
_HAS_SIZE = 0b0000_0100
_HAS_LEVEL = 0b0000_1000
_HAS_FRAMES = 0b0001_0000
_HAS_METADATA = 0b0010_0000
_HAS_REDUCTION = 0b0100_0000
_HAS_SAMPLES = 0b1000_0000


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
    def grey(self) -> Mode:
        """The grey mode with or without alpha."""
        return Mode.LA if self.has_alpha else Mode.L

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
    """Nothing: grey pixels are decoded to RGB with equal channels."""


class Header(NamedTuple):
    """The fields of an `.aec` file that precede its payload.

    Attributes:
        codec_id: the first 4 bytes of the codec's SHA-256.
        mode: pixel mode of the coded pictures.
        size: (width, height) in pixels, or None for the codec's tile size.
        level: quality level in sixteenths (16 is level 1), or None for the codec's default.
        frames: number of pictures, which have the same size.
        reduction: factor, in halves, by which the sides were reduced before coding; 2 without
            reduction.
        alpha: zlib stream of the alpha planes of all frames; empty without alpha.
        samples: type, layout and missing samples of a file with bands, or None.
        metadata: ICC profile, EXIF and XMP, unchanged from the source file, tags of a TIFF file,
            and names of the pictures.
        origin: extension and time of the source file, or None if they are not kept.
        as_rgb: whether grey pixels are decoded to RGB with equal channels.
        refinements: refinements of the samples, the coarsest first.

    >>> Header(b"\\x00\\x01\\x02\\x03").frames
    1
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


def pack(header: Header, payload: bytes) -> bytes:
    """Write one `.aec` file: a header, the entropy-coded payload, a checksum and refinements.

    Raises FormatError if a size or a count exceeds the limits of the format, or a file cannot store
    the extension of the origin.

    >>> pack(Header(b"\\x00\\x01\\x02\\x03"), b"").hex(" ")
    'ae 43 01 00 01 02 03 00 5e 76 4f f4'
    """
    _check_metadata(header)
    _check_limits(header)
    body = MAGIC + bytes([VERSION]) + header.codec_id + bytes([_flags(header)])
    body += _pack_fields(header) + payload
    body += crc_32(body)
    return _refined(body, header.refinements) if header.refinements else body


def _refined(base: bytes, refinements: Sequence[Refinement]) -> bytes:
    """A file of version 2. The checksum of a refinement is that of all bytes before it."""
    data = MAGIC + bytes([REFINED_VERSION]) + block(base)
    for number, refinement in enumerate(refinements, 1):
        data += block(refinement.pack(is_followed=number < len(refinements)))
        data += crc_32(data)
    return data


def base_of(data: bytes) -> bytes:
    """Return the file without refinements; raise FormatError if it is damaged before them.

    >>> base_of(pack(Header(b"abcd"), b"")) == pack(Header(b"abcd"), b"")
    True
    """
    if data[: len(MAGIC)] != MAGIC or data[2:3] != bytes([REFINED_VERSION]):
        return data
    return Reader(data[3:]).block()


def trimmed(data: bytes, bound: Bound | None = None) -> bytes:
    """Remove refinements from a file; see :func:`aecodec.trim`."""
    refinements = unpack(data)[0].refinements
    if bound is None:
        if refinements and not refinements[0].has_base:
            bounds = ", ".join(refinement.largest_bound.text for refinement in refinements)
            raise UsageError(
                "the file has no picture before its first refinement: name the maximum error to "
                f"keep with --max-error (in Python max_error); the file has {bounds}"
            )
        return base_of(data)
    for number, refinement in enumerate(refinements, 1):
        if refinement.guarantees(bound):
            return _refined(base_of(data), refinements[:number])
    if not refinements:
        raise UsageError("the file has no refinements: it guarantees no maximum error")
    guaranteed = refinements[-1].largest_bound.text
    raise UsageError(f"the file guarantees {guaranteed}, not a maximum error of {bound.text}")


def _read_refinements(data: bytes) -> tuple[Refinement, ...]:
    """Read and check the refinements of a file of version 2."""
    reader = Reader(data[3:])
    reader.block()
    refinements, is_followed = list[Refinement](), True
    while is_followed:
        if len(refinements) == MAX_REFINEMENTS:
            raise FormatError(f"damaged: a file can have at most {MAX_REFINEMENTS} refinements")
        refinement, is_followed = unpack_refinement(reader.block())
        end = len(data) - len(reader)
        _check_crc(data[:end], reader.take(_CRC_SIZE))
        if refinements and not refinement.has_base:
            raise FormatError("damaged: a refinement ignores the one before it")
        refinements.append(refinement)
    if not reader.at_end:
        raise FormatError("damaged: bytes follow the last refinement")
    return tuple(refinements)


def unpack(data: bytes) -> tuple[Header, bytes]:
    """Read the header and the payload of one whole `.aec` file.

    Raises FormatError if the data is not an `.aec` file, has another version, is damaged, or
    exceeds the limits of the format.

    >>> header, payload = unpack(pack(Header(b"abcd", level=48), b"xyz"))
    >>> header.level, payload
    (48, b'xyz')
    """
    base = base_of(data)
    check(base)
    flags = base[_PREFIX_SIZE - 1]
    reader = Reader(base[_PREFIX_SIZE:-_CRC_SIZE])
    header = _read_fields(reader, base[3 : 3 + CODEC_ID_SIZE], flags)
    if base is not data:
        header = header._replace(refinements=_read_refinements(data))
    _check_limits(header)
    payload = reader.rest()
    if payload and not header.has_base:
        raise FormatError("damaged: the file has a payload, but its refinements need no base")
    return header, payload


def frames_stated(beginning: bytes) -> int:
    """Read the number of pictures from a file, or from its first `BEGINNING` bytes.

    Only that number and the fields before it are checked; :func:`unpack` may still reject the file.
    Raises FormatError if the data does not begin like an `.aec` file of this version, or states
    more pictures than the format allows.

    >>> frames_stated(pack(Header(b"abcd", size=(28, 28), frames=60000), b"xyz")[:BEGINNING])
    60000
    """
    beginning = _base_beginning(beginning)
    if beginning[: len(MAGIC)] != MAGIC or len(beginning) < _PREFIX_SIZE:
        raise FormatError("not an .aec file: it does not begin with the .aec signature")
    _check_version(beginning)
    reader, flags = Reader(beginning[_PREFIX_SIZE:]), beginning[_PREFIX_SIZE - 1]
    if flags & _HAS_SIZE:
        reader.leb128(), reader.leb128()
    if flags & _HAS_LEVEL:
        reader.byte()
    frames = _read_frames(reader) if flags & _HAS_FRAMES else 1
    _check_frames(frames)
    return frames


def has_samples(beginning: bytes) -> bool:
    """Whether a file has samples of a codec with bands, by its first `BEGINNING` bytes.

    >>> has_samples(pack(Header(b"abcd"), b""))
    False
    """
    beginning = _base_beginning(beginning)
    is_aec = beginning[: len(MAGIC)] == MAGIC and len(beginning) >= _PREFIX_SIZE
    return is_aec and bool(beginning[_PREFIX_SIZE - 1] & _HAS_SAMPLES)


def _base_beginning(beginning: bytes) -> bytes:
    """The beginning of the base, if a file is of version 2."""
    if beginning[: len(MAGIC)] != MAGIC or beginning[2:3] != bytes([REFINED_VERSION]):
        return beginning
    reader = Reader(beginning[3:])
    reader.leb128()
    return reader.rest()


def check(data: bytes) -> None:
    """Check the signature, length, checksum and version of a file.

    Raises FormatError if the data is not a whole file.
    """
    if data[: len(MAGIC)] != MAGIC[: len(data)] or not data:
        raise FormatError("not an .aec file: it does not begin with the .aec signature")
    if len(data) < _PREFIX_SIZE + _CRC_SIZE:
        raise FormatError(
            f"damaged: the file has {len(data)} bytes, but the shortest .aec file has "
            f"{_PREFIX_SIZE + _CRC_SIZE}"
        )
    _check_crc(data[:-_CRC_SIZE], data[-_CRC_SIZE:])
    _check_version(data)


def _check_crc(content: bytes, stored: bytes) -> None:
    if stored != (computed := crc_32(content)):
        raise FormatError(
            f"damaged: checksum {computed.hex()} instead of {stored.hex()}; "
            "the file is incomplete or was changed: fetch it or make it again"
        )


def _check_version(data: bytes) -> None:
    """Check that this aecodec can read the version of a file without refinements."""
    if data[2] == REFINED_VERSION:
        raise FormatError("damaged: the base of a file with refinements has refinements")
    if data[2] != VERSION:
        raise FormatError(version_problem(data[2]))


def version_problem(version: int) -> str:
    """Message about a file with another format version."""
    return (
        f"the file has format version {version}, but this aecodec reads versions {VERSION} and "
        f"{REFINED_VERSION}: upgrade aecodec"
    )


def crc_32(body: bytes) -> bytes:
    """Compute the four bytes at the end of a file."""
    return zlib.crc32(body).to_bytes(_CRC_SIZE, "little")


def _flags(header: Header) -> int:
    return (
        header.mode
        | _HAS_SIZE * (header.size is not None)
        | _HAS_LEVEL * (header.level is not None)
        | _HAS_FRAMES * (header.frames != 1)
        | _HAS_METADATA * bool(pack_metadata(header))
        | _HAS_REDUCTION * (header.reduction != NOT_REDUCED)
        | _HAS_SAMPLES * (header.samples is not None)
    )


def _pack_fields(header: Header) -> bytes:
    fields = b""
    if header.size is not None:
        fields += leb128(header.size[0]) + leb128(header.size[1])
    if header.level is not None:
        fields += bytes([header.level])
    if header.frames != 1:
        fields += leb128(header.frames)
    if header.reduction != NOT_REDUCED:
        fields += bytes([header.reduction])
    if header.samples is not None:
        fields += block(header.samples.pack())
    if entries := pack_metadata(header):
        fields += block(entries)
    if header.mode.has_alpha:
        fields += block(header.alpha)
    return fields


def pack_metadata(header: Header) -> bytes:
    """The entries of the metadata, with ascending kinds.

    >>> pack_metadata(Header(b"abcd", origin=Origin(".png", 5), as_rgb=True))
    b'\\x05\\x06.png 5\\x07\\x00'
    """
    entries = dict(header.metadata)
    if header.origin:
        entries[MetadataKind.ORIGIN] = header.origin.pack()
    if header.as_rgb:
        entries[MetadataKind.AS_RGB] = b""
    return b"".join(bytes([kind]) + block(value) for kind, value in sorted(entries.items()))


def _read_fields(reader: Reader, codec_id: bytes, flags: int) -> Header:
    mode = Mode(flags & _MODE_BITS)
    header = Header(
        codec_id=codec_id,
        mode=mode,
        size=(reader.leb128(), reader.leb128()) if flags & _HAS_SIZE else None,
        level=reader.byte() if flags & _HAS_LEVEL else None,
        frames=_read_frames(reader) if flags & _HAS_FRAMES else 1,
        reduction=_read_reduction(reader) if flags & _HAS_REDUCTION else NOT_REDUCED,
        samples=unpack_samples(reader.block()) if flags & _HAS_SAMPLES else None,
    )
    if flags & _HAS_METADATA:
        header = _with_metadata(header, reader.block())
    return header._replace(alpha=reader.block()) if mode.has_alpha else header


def _read_frames(reader: Reader) -> int:
    frames = reader.leb128()
    if frames == 1:
        raise FormatError("damaged: a frame count of 1 is never written")
    return frames


def _read_reduction(reader: Reader) -> int:
    reduction = reader.byte()
    if reduction <= NOT_REDUCED:
        raise FormatError("damaged: a reduction factor of 1 or less is never written")
    return reduction


def _with_metadata(header: Header, content: bytes) -> Header:
    """Add the entries of the metadata to a header; FormatError if they are damaged."""
    entries = _read_entries(Reader(content))
    origin, as_rgb = entries.pop(MetadataKind.ORIGIN, None), entries.pop(MetadataKind.AS_RGB, None)
    if as_rgb:
        raise FormatError("damaged: the metadata entry of grey as RGB has content")
    header = header._replace(
        metadata=entries,
        origin=None if origin is None else Origin.unpack(origin),
        as_rgb=as_rgb is not None,
    )
    _check_metadata(header)
    return header


def _read_entries(reader: Reader) -> dict[MetadataKind, bytes]:
    entries, last = dict[MetadataKind, bytes](), 0
    if reader.at_end:
        raise FormatError("damaged: the metadata has no entries")
    while not reader.at_end:
        kind = reader.byte()
        if not last < kind <= max(MetadataKind):
            raise FormatError(f"damaged: a metadata entry of kind {kind} follows kind {last}")
        entries[MetadataKind(kind)], last = reader.block(), kind
    return entries


def _check_metadata(header: Header) -> None:
    """Check that the entries of the metadata suit the other fields."""
    if MetadataKind.TIFF in header.metadata and header.samples is None:
        raise FormatError("only files with bands store the tags of a TIFF file")
    if header.as_rgb and (header.samples or header.mode.channels != 1):
        raise FormatError("damaged: only grey pictures are decoded to RGB")
    names = header.metadata.get(MetadataKind.NAMES)
    if names is not None and names.count(b"/") + 1 != header.frames:
        raise FormatError(f"damaged: the names are not those of {header.frames} pictures")


def _check_limits(header: Header) -> None:
    width, height = header.size or (1, 1)
    check_size((width, height), header.frames)
    if not NOT_REDUCED <= header.reduction <= MAX_REDUCTION:
        raise FormatError(
            f"reduction factor {header.reduction / NOT_REDUCED:g}: it must be 1 to "
            f"{MAX_REDUCTION / NOT_REDUCED:g}"
        )
    if header.reduction != NOT_REDUCED and width * height * header.frames > MAX_REDUCED_PIXELS:
        raise FormatError(
            f"{header.frames} x {width}x{height} pixels: a file with reduced pictures can hold at "
            f"most {MAX_REDUCED_PIXELS}"
        )
    if header.level is not None and not LEVEL_UNITS <= header.level <= 255:
        raise FormatError(f"level {header.level / LEVEL_UNITS}: it must be 1 to 15.9")
    _check_samples(header)


def _check_samples(header: Header) -> None:
    if header.samples is None:
        return
    if header.mode is not Mode.L or header.reduction != NOT_REDUCED:
        raise FormatError("damaged: a file with bands has neither a colour mode nor a reduction")
    header.samples.check_frames(header.frames)


def _check_frames(frames: int) -> None:
    if not 1 <= frames <= MAX_FRAMES:
        raise FormatError(f"{frames} frames: a file can hold 1 to {MAX_FRAMES}")


def check_size(size: tuple[int, int], frames: int) -> None:
    """Check that a file may hold this number of pictures with this (width, height).

    Raises FormatError if a side or a number is out of range, or there are too many pixels.
    """
    if not (min(size) >= 1 and max(size) <= MAX_SIDE):
        raise FormatError(f"{size[0]}x{size[1]} pixels: each side must have 1 to {MAX_SIDE} pixels")
    _check_frames(frames)
    check_pixels(size, frames)


def check_pixels(size: tuple[int, int], frames: int) -> None:
    """Check that a file may hold this many pixels.

    Raises FormatError if there are too many. If the header leaves the size to the codec, this is
    checked again when the codec is known.
    """
    if size[0] * size[1] * frames > MAX_PIXELS:
        raise FormatError(
            f"{frames} x {size[0]}x{size[1]} pixels: a file can hold at most {MAX_PIXELS}"
        )
