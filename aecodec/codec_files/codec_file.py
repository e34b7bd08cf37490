"""The codec file: a head and sections, which section 3 of `docs/FORMAT.md` describes.

The identity of a codec covers everything that decoding depends on. A file may omit sections, but
its head still lists them, so its identity is that of the whole codec.
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Iterable, Sequence
from enum import IntEnum
from typing import NamedTuple

import numpy as np

from aecodec.base.arrays import Pixels
from aecodec.base.errors import CodecError, ModelError
from aecodec.codec_files.file_names import Half
from aecodec.codec_files.levels import Level, RateWeight
from aecodec.codec_files.spec import Bands, CodecSpec, printable_name
from aecodec.imaging.transfer import Transfer
from aecodec.native import structures
from aecodec.native.codec import NativeCodec

MAGIC = b"\xaeCOD"
VERSION = 1
ALIGNMENT = 64
"""The offset of each section and the length of the head are multiples of this."""

_PRIMER_SAMPLES, _PRIMER_SIDE = 1 << 16, 256
_MAX_BYTES = (1 << 32) - 1

_START = struct.Struct("<4sHHIBBxx")
_NUMBERS = struct.Struct("<HHBBBBHHHH")
_LEVEL = struct.Struct("<HHBBxx")
_ENTRY = struct.Struct("<BBxxI32sI4x")
_BANDS = struct.Struct("<BBB5x")
_PRIMER = struct.Struct("<BBHHH")
_CONTENT = 40
"""Bytes of an entry before the offset of its section."""

_HASH = 32


class SectionKind(IntEnum):
    ENCODER = structures.ENCODER
    DECODER = structures.DECODER
    LEVEL = structures.LEVEL
    BANDS = structures.BANDS
    PRIMER = structures.PRIMER
    MEASUREMENTS = structures.MEASUREMENTS


_OF_DECODING = (SectionKind.DECODER, SectionKind.LEVEL, SectionKind.BANDS, SectionKind.PRIMER)

NETWORKS = {Half.ENCODER: SectionKind.ENCODER, Half.DECODER: SectionKind.DECODER}
"""The kind of the section with the network of a half."""


class Section(NamedTuple):
    """A section; its level is 0 except for tables, and its content None if the file omits it."""

    kind: int
    level: int
    size: int
    sha256: bytes
    content: bytes | None

    @classmethod
    def of(cls, kind: SectionKind, content: bytes, level: int = 0) -> Section:
        return cls(kind, level, len(content), hashlib.sha256(content).digest(), content)


class OpenCodec(NamedTuple):
    """The content of a codec file; in its directory, the offsets of absent sections are 0."""

    native: NativeCodec
    spec: CodecSpec
    rdoq: RateWeight
    entries: Sequence[structures.Section]
    transfer: Transfer | None


def pack_codec(spec: CodecSpec, rdoq: RateWeight, sections: Sequence[Section]) -> bytes:
    """Make a codec file of sections in their order; ModelError if it has 4 GiB or more."""
    content = pack_head(spec, rdoq, sections)
    for section in sections:
        if section.content is not None:
            content = content.ljust(_aligned(len(content)), b"\0") + section.content
    if len(content) > _MAX_BYTES:
        raise ModelError(
            f"the file of codec {spec.name} has {len(content)} bytes; it must be smaller than "
            "4 GiB: choose fewer levels or a smaller network"
        )
    return content


def pack_head(spec: CodecSpec, rdoq: RateWeight, sections: Sequence[Section]) -> bytes:
    """Make the head of a codec file, which can be read without the sections."""
    numbers, description = _numbers(spec), _description(spec)
    size = _START.size + _NUMBERS.size + _HASH + len(description) + _ENTRY.size * len(sections)
    size = _aligned(size + _HASH)
    directory = list(_directory(sections, size))
    start = _START.pack(MAGIC, VERSION, len(sections), size, *rdoq)
    identity = _identity(numbers, description, directory)
    head = start + numbers + identity + description + b"".join(directory)
    padded = head.ljust(size - _HASH, b"\0")
    return padded + hashlib.sha256(padded).digest()


def _numbers(spec: CodecSpec) -> bytes:
    return _NUMBERS.pack(
        *spec.tile,
        spec.channels,
        len(spec.levels),
        spec.default_level,
        spec.bands.phases if spec.bands else 0,
        spec.receptive_field,
        spec.latent_channels,
        spec.vectors,
        len(spec.name.encode()),
    )


def _description(spec: CodecSpec) -> bytes:
    """Levels, gains and name."""
    levels = [
        _LEVEL.pack(level.start, level.stop, level.multiple, bool(level.gains))
        for level in spec.levels
    ]
    gains = [np.array(level.gains, "<i2").tobytes() for level in spec.levels]
    return b"".join([*levels, *gains, spec.name.encode()])


def _directory(sections: Iterable[Section], at: int) -> Iterable[bytes]:
    for section in sections:
        is_absent = section.content is None
        yield _ENTRY.pack(*section[:4], 0 if is_absent else at)
        at = at if is_absent else _aligned(at + section.size)


def _identity(numbers: bytes, description: bytes, directory: Iterable[bytes]) -> bytes:
    covered = [entry[:_CONTENT] for entry in directory if entry[0] in _OF_DECODING]
    return hashlib.sha256(b"".join([numbers, description, *covered])).digest()


def _aligned(size: int) -> int:
    """Round a size up to the next offset at which a section may begin."""
    return -(-size // ALIGNMENT) * ALIGNMENT


def bands_section(bands: Bands, transfer: Transfer) -> Section:
    content = _BANDS.pack(bands.phases, bands.count, bands.file_limits)
    content += transfer.limits.astype("<f8").tobytes() + transfer.tables.astype("<u2").tobytes()
    for name in bands.names:
        content += struct.pack("<H", len(name.encode())) + name.encode()
    return Section.of(SectionKind.BANDS, content)


def can_prime(pictures: Pixels) -> bool:
    """Whether pictures (N, H, W, C) are small enough for a primer."""
    _, height, width, channels = pictures.shape
    return max(height, width) <= _PRIMER_SIDE and height * width * channels <= _PRIMER_SAMPLES


def primer_section(pictures: Pixels) -> Section:
    """Make the section with pictures that prime the adaptive coder, chosen from (N, H, W, C)."""
    count = min(_PRIMER_SAMPLES // pictures[0].size, len(pictures))
    places = np.linspace(0, len(pictures) - 1, count, dtype=int)
    planes = pictures[places].transpose(0, 3, 1, 2)
    frames, channels, height, width = planes.shape
    head = _PRIMER.pack(structures.UINT8, channels, frames, height, width)
    return Section.of(SectionKind.PRIMER, head + zlib.compress(planes.tobytes(), 9))


def open_codec(content: bytes) -> OpenCodec:
    """Open a codec file and check its sections; CodecError if it is not one, or damaged."""
    if len(content) < _START.size or content[:4] != MAGIC:
        raise CodecError("not a codec file")
    _, version, _, _, *rdoq = _START.unpack_from(content)
    if version != VERSION:
        raise CodecError(f"aecodec cannot read version {version} of codec files: upgrade aecodec")
    codec = NativeCodec(content)
    entries = codec.sections
    for entry in filter(lambda entry: entry.offset, entries):
        if hashlib.sha256(codec.part(entry.offset, entry.size)).digest() != bytes(entry.sha256):
            raise CodecError("damaged: the hash of a section is wrong; copy the file again")
    try:
        bands, transfer = _bands(codec, entries) if codec.facts.phases else (None, None)
        spec = _spec_of(codec.facts, content, bands)
    except ValueError as error:  # a name that cannot be shown
        raise CodecError(f"damaged: {error}") from error
    return OpenCodec(codec, spec, RateWeight(*rdoq), entries, transfer)


def _spec_of(facts: structures.CodecFacts, content: bytes, bands: Bands | None) -> CodecSpec:
    return CodecSpec(
        name=printable_name(facts.name.decode()),
        tile=(facts.tile_height, facts.tile_width),
        channels=facts.channels,
        latent_channels=facts.latent_channels,
        levels=_levels(content, facts.levels),
        default_level=facts.default_level,
        receptive_field=facts.receptive_field,
        vectors=facts.vectors_per_tile,
        bands=bands,
        sha256=bytes(facts.sha256).hex(),
    )


def _levels(content: bytes, count: int) -> tuple[Level, ...]:
    at = _START.size + _NUMBERS.size + _HASH
    stored = [_LEVEL.unpack_from(content, at + n * _LEVEL.size) for n in range(count)]
    dimension = (stored[0][1] - stored[0][0]) * stored[0][3]  # of gains
    gains = np.frombuffer(content, "<i2", count * dimension, at + count * _LEVEL.size)
    return tuple(
        Level(start, stop, multiple, tuple(gains_of_level))
        for (start, stop, multiple, _), gains_of_level in zip(
            stored, gains.reshape(count, dimension).tolist(), strict=True
        )
    )


def _bands(codec: NativeCodec, entries: Sequence[structures.Section]) -> tuple[Bands, Transfer]:
    """The bands of a codec, whose section is the first one."""
    if not entries or entries[0].kind != SectionKind.BANDS:
        raise ValueError("the section that describes the bands is missing")
    content = codec.part(entries[0].offset, entries[0].size)
    phases, count, file_limits = _BANDS.unpack_from(content)
    limits = np.array([(band.low, band.high) for band in codec.bands])
    values = 255 * phases + 1
    tables = np.frombuffer(content, "<u2", count * values, _BANDS.size + limits.nbytes)
    names = tuple(band.name.decode() for band in codec.bands)
    transfer = Transfer(limits, tables.reshape(count, values).astype(np.uint16))
    return Bands(phases, names, bool(file_limits)), transfer


def without(sections: Iterable[Section], *, keeps: Iterable[Section]) -> list[Section]:
    """Omit the content of all sections except the section of bands and the sections to keep."""
    kept = set(keeps)
    return [
        section
        if section in kept or section.kind == SectionKind.BANDS
        else section._replace(content=None)
        for section in sections
    ]
