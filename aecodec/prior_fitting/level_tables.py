"""A prior and a level as arrays for C: in the library's tables, and in sections of codec files.

Entries that no symbol needs are omitted: columns with frequency 0 or 1 at both ends of a row of
the bank, and weights of the context network that its degrees exclude.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from aecodec.arrays import Codes, Float64, Pixels
from aecodec.codec_files.codec_file import (
    NETWORKS,
    Section,
    SectionKind,
    bands_section,
    can_prime,
    primer_section,
)
from aecodec.codec_files.file_names import Half
from aecodec.codec_files.folder import CodecFolder
from aecodec.codec_files.levels import Level
from aecodec.codec_files.spec import CodecSpec, nearest_level
from aecodec.imaging.transfer import Transfer
from aecodec.native.tables import Choices, Grid, LevelTables
from aecodec.prior_fitting.context_network import (
    GRADIENTS,
    KINDS,
    POSITIONS,
    PREDICTED_CHANNELS,
    ContextNetwork,
    SpatialWeights,
    array_fields,
)
from aecodec.prior_fitting.prior import COST_UNITS, Prior

_ROW = np.dtype([("at", np.uint16), ("start", np.uint8), ("count", np.uint8)])

LANES = 16
"""`AECODEC_LANES` of `aecodec.h`."""


Arrays = dict[str, npt.NDArray[Any]]


def arrays_of(prior: Prior) -> Arrays:
    """The arrays of a prior for encoders and decoders."""
    rows, bank = trimmed(prior.bank, prior.bank)
    arrays: Arrays = {
        "prior_numbers": np.arange(prior.priors, dtype=np.uint16),
        "prior_frequencies": prior.index,
        "rows": rows,
        "bank": bank,
        "table": prior.table.astype(np.uint8),
        "offset": prior.offset.astype(np.int8),
        "costs": trimmed(prior.bank, prior.costs)[1],
        "prior_costs": prior.index_costs.astype(np.uint16),
    }
    if prior.context:
        arrays |= _of_context(prior.context)
    if prior.context and prior.context.spatial:
        arrays |= _of_spatial_weights(prior.context.spatial)
    return arrays


def trimmed(
    bank: npt.NDArray[np.uint16], values: npt.NDArray[Any]
) -> tuple[npt.NDArray[Any], npt.NDArray[np.uint16]]:
    """Omit columns at both ends of the rows of a bank (T, S + 1).

    These are columns with frequency 0, or with frequency 1 if the bank contains no 0.
    The values (T, S + 1) are frequencies or costs. Returns (T,) position, first column and number
    of columns of each row; and the values of all rows, each followed by the value of its escape.
    """
    large = bank[:, :-1] > int(bank.all())
    start = large.argmax(axis=1)
    stop = np.where(large.any(axis=1), large.shape[1] - large[:, ::-1].argmax(axis=1), 0)
    columns = np.arange(bank.shape[1])
    kept = (columns >= start[:, None]) & (columns < stop[:, None])
    kept[:, -1] = True  # the escape
    ends = np.cumsum(kept.sum(axis=1))
    rows = np.zeros(len(bank), _ROW)
    rows["at"][1:], rows["start"], rows["count"] = ends[:-1], start, stop - start
    return rows, values[kept].astype(np.uint16)


def _of_context(network: ContextNetwork) -> Arrays:
    inner = [network.weights[:degree, unit] for unit, degree in enumerate(network.degree)]
    inner.append(np.zeros(LANES, np.int8))  # C reads whole blocks, even past the last weight
    outer = [network.output_weights[degree:, unit] for unit, degree in enumerate(network.degree)]
    outer.append(np.zeros((0, 2), np.int8))  # there may be no units
    replaced = {"weights": np.concatenate(inner), "output_weights": np.concatenate(outer)}
    fields = {name: getattr(network, name) for name in array_fields(ContextNetwork)} | replaced
    return {f"context_{name}": values for name, values in fields.items()}


def _of_spatial_weights(spatial: SpatialWeights) -> Arrays:
    fields = {name: getattr(spatial, name) for name in array_fields(SpatialWeights)}
    fields["weights"] = spatial.weights.transpose(0, 2, 1)
    return {f"spatial_{name}": values for name, values in fields.items()}


# The section of a level in a codec file

SECTION_ARRAYS = (
    "prior_numbers",
    "prior_frequencies",
    "rows",
    "bank",
    "costs",
    "prior_costs",
    "table",
    "offset",
    *(f"context_{name}" for name in array_fields(ContextNetwork)),
    *(f"spatial_{name}" for name in array_fields(SpatialWeights)),
)
"""The arrays of a section in the order of its directory; a missing array has no bytes."""

_NUMBERS = struct.Struct("<5HhBBHI12x")
_ENTRY = struct.Struct("<II")
_ARRAY_ALIGNMENT = 16
_HAS_CONTEXT, _HAS_SPATIAL, _ESCAPES_OTHERS = 1, 2, 4


def level_section(prior: Prior, level: int) -> bytes:
    """Convert the prior of a whole level to a section (section 3 of `docs/FORMAT.md`)."""
    arrays, context = arrays_of(prior), prior.context
    at = _NUMBERS.size + _ENTRY.size * len(SECTION_ARRAYS)
    directory, contents = b"", b""
    for name in SECTION_ARRAYS:
        content = arrays[name].tobytes() if name in arrays else b""
        padding = bytes(-(at + len(contents)) % _ARRAY_ALIGNMENT)
        directory += _ENTRY.pack(at + len(contents) + len(padding), len(content))
        contents += padding + content
    flags = _HAS_CONTEXT * bool(context) | _HAS_SPATIAL * prior.has_spatial_context
    numbers = _NUMBERS.pack(
        prior.code_dimension,
        prior.priors,
        prior.max_slice,
        len(context.degree) if context else 0,
        len(prior.bank),
        prior.first,
        prior.symbols,
        flags | _ESCAPES_OTHERS * prior.has_zeros,
        level,
        len(arrays["bank"]),
    )
    return numbers + directory + contents


def prior_of(folder: CodecFolder, level: float | None = None) -> Prior:
    """The prior of a level of a codec, or of its default level.

    A level between two whole levels has the prior of the nearer one, in a tie of the higher one.
    Raises CodecError if the tables are missing or damaged, and UsageError if the codec has no such
    level.
    """
    _ = folder.native  # opening checks all tables
    return prior_in(folder.level_section(nearest_level(folder.spec.level_index(level))))


def prior_in(content: bytes) -> Prior:
    """Convert the section of a level back to its prior.

    Entries that the section omits are 0; no symbol needs them.
    """
    channels, priors, _, units, rows, first, symbols, flags, _, entries = _NUMBERS.unpack_from(
        content
    )

    def take(name: str, dtype: npt.DTypeLike, *shape: int) -> npt.NDArray[Any]:
        place = _NUMBERS.size + _ENTRY.size * SECTION_ARRAYS.index(name)
        at, _ = _ENTRY.unpack_from(content, place)
        return np.frombuffer(content, dtype, math.prod(shape), at).reshape(shape).copy()

    bank = np.full((rows, symbols + 1), not flags & _ESCAPES_OTHERS, np.uint16)
    frequencies = take("bank", np.uint16, entries)
    for row, (at, start, count) in zip(bank, take("rows", _ROW, rows).tolist(), strict=True):
        row[start : start + count] = frequencies[at : at + count]
        row[-1] = frequencies[at + count]
    spatial = _spatial(take, channels, units) if flags & _HAS_SPATIAL else None
    return Prior(
        bank=bank,
        first=first,
        table=take("table", np.uint8, priors, channels),
        offset=take("offset", np.int8, priors, channels),
        index=take("prior_frequencies", np.uint16, priors),
        context=_context(take, channels, priors, units, spatial) if flags & _HAS_CONTEXT else None,
    )


Take = Callable[..., npt.NDArray[Any]]
"""A function that takes an array from a section, as a copy: by name, dtype and sides."""


def _context(
    take: Take, channels: int, priors: int, units: int, spatial: SpatialWeights | None
) -> ContextNetwork:
    degree = take("context_degree", np.uint16, units)
    read = np.arange(channels) < degree[:, None]
    weights = np.zeros((units, channels), np.int8)
    output_weights = np.zeros((units, channels, 2), np.int8)
    weights[read] = take("context_weights", np.int8, int(read.sum()))
    output_weights[~read] = take("context_output_weights", np.int8, int((~read).sum()), 2)
    return ContextNetwork(
        order=take("context_order", np.uint16, channels),
        input_shift=take("context_input_shift", np.uint8, channels),
        degree=degree,
        weights=weights.T,
        unit_shift=take("context_unit_shift", np.uint8, units),
        bias=take("context_bias", np.int8, priors, units),
        output_weights=output_weights.transpose(1, 0, 2),
        output_shift=take("context_output_shift", np.uint8, channels, 2),
        spatial=spatial,
    )


def _spatial(take: Take, channels: int, units: int) -> SpatialWeights:
    predicted = min(channels, PREDICTED_CHANNELS)
    gradients = (KINDS, predicted, GRADIENTS, predicted)
    return SpatialWeights(
        centre=take("spatial_centre", np.int8, channels),
        weights=take("spatial_weights", np.int8, KINDS, units, channels).transpose(0, 2, 1),
        bias=take("spatial_bias", np.int8, KINDS, units),
        gradient_weights=take("spatial_gradient_weights", np.int8, *gradients),
        gradient_shift=take("spatial_gradient_shift", np.uint8, KINDS, predicted),
    )


def sections_of(
    spec: CodecSpec,
    plans: Mapping[Half, bytes],
    priors: Sequence[Prior],
    transfer: Transfer | None = None,
    pictures: Pixels | None = None,
) -> list[Section]:
    """The sections of a codec file; small pictures (N, H, W, C) become its primer."""
    sections = [bands_section(spec.bands, transfer)] if spec.bands and transfer else []
    sections += [Section.of(NETWORKS[half], plan) for half, plan in plans.items()]
    sections += [
        Section.of(SectionKind.LEVEL, level_section(prior, level), level)
        for level, prior in enumerate(priors, start=1)
    ]
    if pictures is not None and can_prime(pictures):
        sections.append(primer_section(pictures))
    return sections


def level_numbers(prior: Prior, level: Level) -> dict[str, int]:
    return {
        "start": level.start,
        "code_dimension": level.code_dimension,
        "multiple": level.multiple,
        "shapes": len(prior.bank) // POSITIONS,
        "escape": prior.symbols,
        "others": int(not prior.has_zeros),
        "first": prior.first,
        "all_priors": prior.priors,
        "max_slice": prior.max_slice,
    }


def level_tables(
    prior: Prior,
    level: Level | None = None,
    *,
    channels: int | None = None,
    in_grid: bool = True,
) -> LevelTables:
    """The tables of a level for vectors in a grid or without neighbours.

    Without a `level`, latents are codes. They have the `channels` of all levels.
    """
    level = level or Level(0, prior.code_dimension)
    arrays = arrays_of(prior)
    if level.gains:
        arrays["factors"] = level.factors.astype(np.uint16)
    return LevelTables(
        {
            **level_numbers(prior, level),
            "priors": len(arrays["prior_numbers"]),
            "tile_width": 1,
            "tile_height": 1,
            "channels": 1,
            "is_convolutional": in_grid,
            "vectors_per_tile": 1,
            "latent_channels": channels or level.stop,
        },
        arrays,
    )


def choices(prior: Prior, codes: Codes, grid: Grid | None = None) -> Choices:
    """What an encoder chooses for codes (N, K); the grid is their arrangement in pictures."""
    is_in_grid = grid is not None and prior.has_spatial_context
    return level_tables(prior, in_grid=is_in_grid).choices(codes, grid if is_in_grid else None)


def bits(prior: Prior, codes: Codes, grid: Grid | None = None) -> Float64:
    """Cost of each vector (N,) in bits, including indices and escapes.

    >>> bank, zeros = np.array([[1, 32767, 1, 32767]]), np.zeros((1, 5))
    >>> bits(Prior(bank, -1, zeros, zeros, [0]), np.array([[0, 0, 0, 0, 9]])).tolist()
    [21.0]
    """
    chosen = choices(prior, codes, grid)
    costs = prior.costs[chosen.rows, chosen.columns].sum(axis=1) + prior.index_costs[chosen.priors]
    return np.asarray(costs / COST_UNITS, np.float64)
