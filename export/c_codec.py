"""One level of a codec as `codec.h` and `codec.c`: what is in them, and what pictures will take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from aecodec import tiling
from aecodec.container import LEVEL_UNITS
from aecodec.context import AROUND_DTYPES, DTYPES, POSITIONS, Context
from aecodec.errors import ModelError
from aecodec.export.c_tables import LANES, CTables
from aecodec.neighbours import LED
from aecodec.prior import Prior

_MOST_VECTORS, _MOST_TILES = 16384, 128
"""AEC_MOST_VECTORS, and the longest side of a picture whose vectors have neighbours."""


@dataclass(frozen=True)
class PictureSizes:
    """What pictures of one size take; `aec.c` computes the same.

    Attributes:
        width: pixels.
        height: pixels.
        vectors: code vectors.
        work: bytes of working memory.
        file: bytes that no file exceeds.
    """

    width: int
    height: int
    vectors: int
    work: int
    file: int

    @classmethod
    def of(cls, tables: CTables, size: tuple[int, int]) -> PictureSizes:
        """Of one picture of the codec's own channels, (width, height).

        Raises:
            ModelError: more vectors than `aec.c` takes.
        """
        spec, dimension = tables.folder.spec, tables.prior.code_dimension
        rows, columns = tiling.grid(size, spec.tile)
        vectors = rows * columns * spec.vectors
        if vectors > _MOST_VECTORS or (spec.reach and max(rows, columns) > _MOST_TILES):
            raise ModelError(f"{size[0]}x{size[1]} pixels: {vectors} code vectors, too many for C")
        file = 40 + vectors * (3 + 4 * dimension + dimension // 8)
        return cls(*size, vectors, _work_size(tables, vectors), file)


def _work_size(tables: CTables, vectors: int) -> int:
    prior, dimension = tables.prior, tables.prior.code_dimension
    of_vector = 4 + 4 * _slice(prior)
    if prior.context:
        of_vector += 8 * dimension + 2 * -(-dimension // LANES) * LANES
    if not _looks_around(tables):
        return vectors * of_vector
    return max(1, vectors // 2) * of_vector + 2 * (dimension + 4 * min(dimension, LED))


def _looks_around(tables: CTables) -> bool:
    context = tables.prior.context
    return bool(tables.folder.spec.reach and context and context.around)


def _slice(prior: Prior) -> int:
    """The most channels that are coded together."""
    return max(places.stop - places.start for places in prior.slices)


def c_codec(tables: CTables, sizes: PictureSizes) -> dict[str, bytes]:
    """A level as C.

    Args:
        tables: of the level.
        sizes: of the pictures that the header has constants for.

    Returns:
        The files by name.
    """
    return {"codec.h": _header(tables, sizes).encode(), "codec.c": _source(tables).encode()}


def _header(tables: CTables, sizes: PictureSizes) -> str:
    return f"""/* {_title(tables)}: {tables.bytes:,} bytes of tables. */
#ifndef AEC_CODEC_H
#define AEC_CODEC_H

#include "aec.h"

/* Which codec, which level in sixteenths, and how many of its priors are here. */
#define CODEC_ID 0x{tables.folder.spec.codec_id.hex()}
#define CODEC_LEVEL {tables.units}
#define CODEC_PRIORS {len(tables.kept)}

/* Of pictures of this size: code vectors, numbers in each for the networks and in a file, bytes of
 * working memory, and bytes that no file exceeds. */
#define CODEC_WIDTH {sizes.width}
#define CODEC_HEIGHT {sizes.height}
#define CODEC_CHANNELS {tables.folder.spec.channels}
#define CODEC_VECTORS {sizes.vectors}
#define CODEC_OUTPUTS {tables.folder.spec.code_shape[-1]}
#define CODEC_DIMENSION {tables.prior.code_dimension}
#define CODEC_WORK_SIZE {sizes.work}
#define CODEC_FILE_BOUND {sizes.file}

#ifdef __cplusplus
extern "C" {{
#endif

extern const aec_codec codec;

#ifdef __cplusplus
}}
#endif

#endif
"""


def _title(tables: CTables) -> str:
    spec, level = tables.folder.spec, tables.units / LEVEL_UNITS
    return f"Codec {spec.name} ({spec.codec_id.hex()}), level {level:g}"


def _source(tables: CTables) -> str:
    arrays = "\n\n".join(map(str, tables.arrays))
    context = tables.prior.context
    around = _struct("aec_around", "around", _AROUND) if context and context.around else ""
    network = _struct("aec_context", "context", _context_fields(context)) if context else ""
    return f"""/* {_title(tables)}. */
#include "codec.h"

{arrays}

{around}{network}{_struct("aec_codec", "codec", _codec_fields(tables)).removeprefix("static ")}"""


def _struct(kind: str, name: str, fields: Mapping[str, object]) -> str:
    lines = "".join(f"    .{field} = {value},\n" for field, value in fields.items())
    return f"static const {kind} {name} = {{\n{lines}}};\n\n"


_AROUND = {name: f"around_{name}" for name in AROUND_DTYPES}


def _context_fields(context: Context) -> dict[str, object]:
    own = {name: name for name in DTYPES}
    return {
        "units": len(context.reach),
        **own,
        "around": "&around" if context.around else "NULL",
    }


def _codec_fields(tables: CTables) -> dict[str, object]:
    spec, level, prior = tables.folder.spec, tables.level, tables.prior
    return {
        "id": "{" + ", ".join(f"0x{byte:02x}" for byte in spec.codec_id) + "}",
        "tile_width": spec.tile[1],
        "tile_height": spec.tile[0],
        "channels": spec.channels,
        "has_reach": int(spec.reach > 0),
        "vectors": spec.vectors,
        "level": tables.units,
        "is_default": int(tables.units == spec.units_of()),
        "outputs": spec.code_shape[-1],
        "start": level.start,
        "dimension": level.stop - level.start,
        "multiple": level.multiple,
        "factors": "factors" if level.gains else "NULL",
        "shapes": len(prior.bank) // POSITIONS,
        "escape": prior.symbols,
        "first": prior.first,
        "priors": len(tables.kept),
        "all_priors": prior.priors,
        "numbers": "numbers",
        "index": "frequencies",
        "rows": "rows",
        "bank": "bank",
        "costs": "costs" if tables.has_a_choice else "NULL",
        "index_costs": "index_costs" if tables.has_a_choice else "NULL",
        "table": "table",
        "offset": "offset",
        "slice": _slice(prior),
        "context": "&context" if prior.context else "NULL",
    }
