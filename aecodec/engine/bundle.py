"""A bundle: one file with a codec, the tables of selected levels, and its networks as plans."""

import hashlib
import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import IntEnum
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from aecodec.codec_files.file_names import Half
from aecodec.codec_files.folder import CodecFolder
from aecodec.codec_files.residual_networks import all_networks
from aecodec.codec_files.spec import nearest_level
from aecodec.engine.c_tables import CTables, trimmed
from aecodec.entropy.context_network import ContextNetwork, SpatialWeights
from aecodec.errors import ModelError
from aecodec.format.container import LEVEL_UNITS
from aecodec.network.convert import network_plan

ARRAYS = (
    "prior_numbers",
    "prior_frequencies",
    "rows",
    "bank",
    "costs",
    "prior_costs",
    "table",
    "offset",
    *(f"context_{name}" for name in ContextNetwork.DTYPES),
    *(f"spatial_{name}" for name in SpatialWeights.DTYPES),
)
"""The arrays of a section in the order of its directory; a missing array has no bytes."""

_NUMBERS = struct.Struct("<5HhBBHI12x")
_ENTRY = struct.Struct("<II")
_ARRAY_ALIGNMENT = 16
_HAS_CONTEXT, _HAS_SPATIAL, _ESCAPES_OTHERS = 1, 2, 4


def level_section(tables: CTables) -> bytes:
    """Convert all tables of a whole level to the section that `docs/BUNDLE.md` describes.

    >>> from aecodec import load_codec
    >>> section = level_section(CTables(load_codec("digits").folder, 1))
    >>> int.from_bytes(section[:2], "little")  # K
    28
    """
    arrays = dict(_arrays(tables))
    at = _NUMBERS.size + _ENTRY.size * len(ARRAYS)
    directory, contents = b"", b""
    for name in ARRAYS:
        content = arrays[name].tobytes() if name in arrays else b""
        padding = bytes(-(at + len(contents)) % _ARRAY_ALIGNMENT)
        directory += _ENTRY.pack(at + len(contents) + len(padding), len(content))
        contents += padding + content
    return _numbers(tables) + directory + contents


def _arrays(tables: CTables) -> Iterator[tuple[str, npt.NDArray[np.generic]]]:
    """The arrays of exported C source, and the costs that an encoder needs."""
    prior = tables.prior
    for name, array in tables.arrays.items():
        yield name, array.values
    if "costs" not in tables.arrays:
        yield "costs", trimmed(prior.bank, prior.costs)[1]
        yield "prior_costs", prior.index_costs.astype(np.uint16)


def _numbers(tables: CTables) -> bytes:
    prior, context = tables.prior, tables.prior.context
    flags = _HAS_CONTEXT * bool(context) | _HAS_SPATIAL * prior.has_spatial_context
    flags |= _ESCAPES_OTHERS * prior.has_zeros
    return _NUMBERS.pack(
        prior.code_dimension,
        prior.priors,
        tables.max_slice,
        len(context.degree) if context else 0,
        len(prior.bank),
        prior.first,
        prior.symbols,
        flags,
        tables.level_index // LEVEL_UNITS,
        len(tables.arrays["bank"].values),
    )


MAGIC = b"\xaeCBN"
VERSION = 1
ALIGNMENT = 64
"""The offset of each section and the length of the head are multiples of this."""

_FACTS = struct.Struct("<4sHHIHHBBBBHHHHBBxx32s")
_LEVEL = struct.Struct("<HHBBxx")
_SECTION = struct.Struct("<BBxxII4x32s")
_HASH = 32


class SectionKind(IntEnum):
    ENCODER = 1
    DECODER = 2
    LEVEL = 3
    BANDS = 4
    RESIDUALS = 5


class Section(NamedTuple):
    """A section of a bundle.

    `level` is the number of a level for its tables, 1 for residual networks with a base, else 0.
    """

    kind: SectionKind
    level: int
    content: bytes

    @property
    def sha256(self) -> bytes:
        return hashlib.sha256(self.content).digest()


def head(folder: CodecFolder, sections: Sequence[Section]) -> bytes:
    """Make the head that `docs/BUNDLE.md` describes, for all sections in their order in the file.

    It can be read without the sections.
    """
    spec = folder.spec
    name = spec.name.encode()
    levels = b"".join(
        _LEVEL.pack(level.start, level.stop, level.multiple, bool(level.gains))
        for level in spec.levels
    )
    gains = b"".join(np.array(level.gains, "<i2").tobytes() for level in spec.levels)
    size = _FACTS.size + len(levels) + len(gains) + _SECTION.size * len(sections)
    size = aligned(size + len(name) + _HASH)
    parts = _facts(folder, len(sections), size, len(name)) + levels + _directory(sections, size)
    padded = (parts + gains + name).ljust(size - _HASH, b"\0")
    return padded + hashlib.sha256(padded).digest()


def aligned(size: int) -> int:
    """Round a size up to the next offset at which a section may begin.

    >>> aligned(1), aligned(64)
    (64, 64)
    """
    return -(-size // ALIGNMENT) * ALIGNMENT


def _facts(folder: CodecFolder, sections: int, size: int, name: int) -> bytes:
    spec = folder.spec
    return _FACTS.pack(
        MAGIC,
        VERSION,
        sections,
        size,
        *spec.tile,
        spec.channels,
        len(spec.levels),
        spec.default_level,
        spec.bands.phases if spec.bands else 0,
        spec.receptive_field,
        spec.latent_channels,
        spec.vectors,
        name,
        folder.rdoq.most,
        folder.rdoq.masking,
        bytes.fromhex(spec.sha256),
    )


def _directory(sections: Sequence[Section], at: int) -> bytes:
    entries = b""
    for section in sections:
        size = len(section.content)
        entries += _SECTION.pack(section.kind, section.level, at, size, section.sha256)
        at = aligned(at + size)
    return entries


KINDS = {Half.ENCODER: SectionKind.ENCODER, Half.DECODER: SectionKind.DECODER}
_MAX_BYTES = (1 << 32) - 1


def bundle(folder: CodecFolder, plans: Mapping[Half, bytes], levels: Sequence[float] = ()) -> bytes:
    """Make a bundle from the plans of a codec (see :func:`plans_of`) and the tables of `levels`.

    All levels are included if `levels` is empty. A level between whole levels uses the tables of
    the nearest whole level.

    Raises ModelError if a table is too large for C or the bundle has 4 GiB or more, and UsageError
    if the codec lacks a level.
    """
    return join_sections(folder, sections_of(folder, plans, levels))


def join_sections(folder: CodecFolder, sections: Sequence[Section]) -> bytes:
    """Join sections to a bundle; raise ModelError if it has 4 GiB or more."""
    content = head(folder, sections)
    for section in sections:
        content = content.ljust(aligned(len(content)), b"\0") + section.content
    if len(content) > _MAX_BYTES:
        raise ModelError(
            f"the bundle of codec {folder.spec.name} has {len(content)} bytes; it must be smaller "
            "than 4 GiB: choose fewer levels"
        )
    return content


def plans_of(folder: CodecFolder, halves: Iterable[Half] = Half) -> dict[Half, bytes]:
    """Convert the networks in a codec folder to plans.

    Raises CodecError if a model is damaged, and ModelError if C lacks one of its operators.
    """
    is_any_size = folder.spec.receptive_field > 0
    return {
        half: network_plan(folder.read(half.tflite), is_any_size=is_any_size)
        for half in halves
        if folder.has(half.tflite)
    }


def sections_of(
    folder: CodecFolder, plans: Mapping[Half, bytes], levels: Sequence[float] = ()
) -> list[Section]:
    """Make the sections of :func:`bundle`, for hosts that serve each section as a file."""
    sections, spec = bands_sections(folder), folder.spec
    sections += [Section(KINDS[half], 0, plan) for half, plan in plans.items()]
    levels = levels or range(1, len(spec.levels) + 1)
    for number in sorted({nearest_level(spec.level_index(level)) for level in levels}):
        content = level_section(CTables(folder, number))
        sections.append(Section(SectionKind.LEVEL, number, content))
    return sections + residual_sections(folder)


def bands_sections(folder: CodecFolder) -> list[Section]:
    """Make the section that describes the bands of a codec; empty for a codec without bands."""
    bands = folder.spec.bands
    if not bands:
        return []
    transfer = folder.transfer
    content = struct.pack("<BBB5x", bands.phases, bands.count, bands.file_limits)
    content += transfer.limits.astype("<f8").tobytes() + transfer.tables.astype("<u2").tobytes()
    for name in bands.names:
        content += struct.pack("<H", len(name.encode())) + name.encode()
    return [Section(SectionKind.BANDS, 0, content)]


def residual_sections(folder: CodecFolder) -> list[Section]:
    """Make the sections of the residual networks: the codec's own networks before the default ones.

    Equal networks occur once.
    """
    networks = {item.content: item.has_base for item in all_networks(folder)}
    return [Section(SectionKind.RESIDUALS, int(base), data) for data, base in networks.items()]
