"""A prior and a level as arrays for C: in the library's tables, and in sections of codec files.

Entries that no symbol needs are omitted: columns with frequency 0 or 1 at both ends of a row of
the bank, and weights of the context network that its degrees exclude.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from aecodec.base.arrays import Codes, Float64, Pixels
from aecodec.codec_files import codec_file
from aecodec.codec_files.file_names import Half
from aecodec.codec_files.levels import Level
from aecodec.codec_files.spec import CodecSpec
from aecodec.imaging.transfer import Transfer
from aecodec.native import structures
from aecodec.native.structures import LANES
from aecodec.native.tables import Choices, Grid, LevelTables
from aecodec.prior_fitting.context_network import (
    POSITIONS,
    ContextNetwork,
    SpatialWeights,
    array_fields,
)
from aecodec.prior_fitting.prior import COST_UNITS, Prior

_ROW = np.dtype([("at", np.uint16), ("start", np.uint8), ("count", np.uint8)])


Arrays = dict[str, npt.NDArray[Any]]


def arrays_of(prior: Prior) -> Arrays:
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
    """Omit columns at both ends of the rows of a bank (T, S + 1) with frequency 0, or else 1.

    The values (T, S + 1) are frequencies or costs. Returns position, first column and number of
    columns of each row, three arrays (T,); and all values, in each row followed by its escape.
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

SECTION_ARRAYS: dict[str, Any] = {
    "prior_numbers": np.uint16,
    "prior_frequencies": np.uint16,
    "rows": _ROW,
    "bank": np.uint16,
    "costs": np.uint16,
    "prior_costs": np.uint16,
    "table": np.uint8,
    "offset": np.int8,
    **{f"context_{name}": dtype for name, dtype in array_fields(ContextNetwork).items()},
    **{f"spatial_{name}": dtype for name, dtype in array_fields(SpatialWeights).items()},
}
"""The arrays of a section in the order of its directory; a missing array has no bytes."""

_NUMBERS = struct.Struct("<5HhBBHI12x")
_ENTRY = struct.Struct("<II")
_ARRAY_ALIGNMENT = 16
_HAS_CONTEXT, _HAS_SPATIAL, _ESCAPES_OTHERS, _IS_FAR = 1, 2, 4, 8
_FIRST_STEPS = 8, structures.FAR_STEP
"""Rows and columns between the first vectors of a message, with spatial weights."""


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
    flags = _HAS_CONTEXT * bool(context) | (_HAS_SPATIAL | _IS_FAR) * prior.has_spatial_context
    numbers = _NUMBERS.pack(
        prior.code_dimension,
        prior.priors,
        prior.max_slice,
        len(context.degree) if context else 0,
        len(prior.bank),
        prior.first,
        prior.symbols,
        flags | _ESCAPES_OTHERS * (not prior.bank.all()),
        level,
        len(arrays["bank"]),
    )
    return numbers + directory + contents


def stored_tables(content: bytes, level: Level) -> tuple[dict[str, int], Arrays]:
    """The numbers of a level, and the arrays of its section, without axes."""
    channels, priors, most, _, rows, first, symbols, flags, *_ = _NUMBERS.unpack_from(content)
    needed = {"context": flags & _HAS_CONTEXT, "spatial": flags & _HAS_SPATIAL}
    arrays = {}
    for number, (name, dtype) in enumerate(SECTION_ARRAYS.items()):
        at, size = _ENTRY.unpack_from(content, _NUMBERS.size + _ENTRY.size * number)
        if needed.get(name.partition("_")[0], True):
            arrays[name] = np.frombuffer(content, dtype, size // np.dtype(dtype).itemsize, at)
    del arrays["prior_numbers"]  # 0 to P - 1
    if level.gains:
        arrays["factors"] = level.factors.astype(np.uint16)
    return {
        "start": level.start,
        "code_dimension": channels,
        "multiple": level.multiple,
        "shapes": rows // POSITIONS,
        "escape": symbols,
        "others": int(not flags & _ESCAPES_OTHERS),
        "first": first,
        "max_slice": most,
        "first_step": _FIRST_STEPS[bool(flags & _IS_FAR)],
        "priors": priors,
    }, arrays


def sections_of(
    spec: CodecSpec,
    plans: Mapping[Half, bytes],
    priors: Sequence[Prior],
    transfer: Transfer | None = None,
    pictures: Pixels | None = None,
) -> list[codec_file.Section]:
    """The sections of a codec file; small pictures (N, H, W, C) become its primer."""
    sections = [codec_file.bands_section(spec.bands, transfer)] if spec.bands and transfer else []
    sections += [
        codec_file.Section.of(codec_file.NETWORKS[half], plan) for half, plan in plans.items()
    ]
    sections += [
        codec_file.Section.of(codec_file.SectionKind.LEVEL, level_section(prior, level), level)
        for level, prior in enumerate(priors, start=1)
    ]
    if pictures is not None and codec_file.can_prime(pictures):
        sections.append(codec_file.primer_section(pictures))
    return sections


def level_tables(
    prior: Prior, level: Level | None = None, *, channels: int | None = None, in_grid: bool = True
) -> LevelTables:
    """The tables of a level for vectors in a grid or without neighbours.

    Without a `level`, latents are codes. `channels` is the number of channels of all levels.
    """
    level = level or Level(0, prior.code_dimension)
    numbers, arrays = stored_tables(level_section(prior, 0), level)
    return LevelTables(
        {
            **numbers,
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
    """The choices of an encoder for codes (N, K); the grid is their arrangement in pictures."""
    is_in_grid = grid is not None and prior.has_spatial_context
    return level_tables(prior, in_grid=is_in_grid).choices(codes, grid if is_in_grid else None)


def bits(prior: Prior, codes: Codes, grid: Grid | None = None) -> Float64:
    """Cost of each vector (N,) in bits, including indices and escapes."""
    chosen = choices(prior, codes, grid)
    costs = prior.costs[chosen.rows, chosen.columns].sum(axis=1) + prior.index_costs[chosen.priors]
    return np.asarray(costs / COST_UNITS, np.float64)
