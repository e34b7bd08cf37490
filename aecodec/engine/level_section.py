"""A section of a bundle with the tables of one level, which C reads in place."""

from __future__ import annotations

import struct
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from aecodec.engine.c_tables import CTables, trimmed
from aecodec.entropy.context_network import ContextNetwork, SpatialWeights
from aecodec.format.container import LEVEL_UNITS

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
_ALIGNMENT = 16
_HAS_CONTEXT, _HAS_SPATIAL = 1, 2


def level_section(tables: CTables) -> bytes:
    """Convert the tables of a level to the section that `docs/BUNDLE.md` describes.

    Args:
        tables: all tables of a whole level.

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
        padding = bytes(-(at + len(contents)) % _ALIGNMENT)
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
