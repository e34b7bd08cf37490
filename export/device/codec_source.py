"""A level of a codec as C source: its tables, and the sizes of buffers for a picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aecodec.base.errors import ModelError
from aecodec.export.device.network_source import LICENCE, CNetwork, in_comment
from aecodec.export.device.tables import CTables
from aecodec.format.container import LEVEL_UNITS
from aecodec.native.structures import MAX_VECTORS
from aecodec.native.tables import CODEC_ARRAYS
from aecodec.prior_fitting.context_network import ContextNetwork, SpatialWeights, array_fields


@dataclass(frozen=True)
class PictureSizes:
    """Sizes that `aecodec.c` computes; `work` and the largest `file` are in bytes."""

    width: int
    height: int
    vectors: int
    work: int
    file: int

    @classmethod
    def of(cls, tables: CTables, size: tuple[int, int]) -> PictureSizes:
        """The sizes for (width, height); ModelError for more code vectors than C supports."""
        vectors, work, file = tables.native.sizes(size, tables.folder.spec.channels == 3)
        if not vectors:
            raise ModelError(
                f"{size[0]}x{size[1]} pixels need more than {MAX_VECTORS} code vectors, the limit "
                "in C: use a smaller --size"
            )
        return cls(*size, vectors, work, file)


CODEC = "aecodec_device_codec"
"""Name of the `aecodec_codec`, and stem of its file."""


def codec_header(tables: CTables, sizes: PictureSizes, networks: Sequence[CNetwork]) -> str:
    """The header `codec.h`, which declares the tables of a level and the networks."""
    halves = [(net, f"CODEC_{net.half.value.upper()}") for net in networks]
    defines = _defines("CODEC", _constants(tables, sizes, networks))
    defines += "".join(_defines(prefix, net.numbers) for net, prefix in halves)
    arrays = "\n".join(
        f"extern const uint32_t {net.array}[{prefix}_SIZE / 4];" for net, prefix in halves
    )
    return f"""{LICENCE}
/* {_title(tables)}: {tables.bytes:,} bytes of tables, and networks. */
#ifndef CODEC_H
#define CODEC_H

#include "aecodec.h"
#include "aecodec_network.h"

#ifdef __cplusplus
extern "C" {{
#endif

/* The codec's id, its level in sixteenths, and the number of its priors. Then, for
 * pictures of WIDTH by HEIGHT pixels: code vectors, channels of the networks and of the codes, and
 * sizes in bytes of the latents, the codes, the working memory, and the largest file.
 * aecodec_network_open takes the array of a network and its SIZE in bytes. ROWS and COLUMNS are
 * those of the input; WORK_SIZE is the working memory in bytes that portable kernels need, and
 * NETWORK_WORK_SIZE the largest. */
{defines}
extern const aecodec_codec {CODEC};
{arrays}

#ifdef __cplusplus
}}
#endif

#endif
"""


def _defines(prefix: str, values: Mapping[str, object]) -> str:
    return "".join(f"#define {prefix}_{name} {value}\n" for name, value in values.items())


def _constants(
    tables: CTables, sizes: PictureSizes, networks: Sequence[CNetwork]
) -> dict[str, object]:
    spec, dimension = tables.folder.spec, tables.numbers["code_dimension"]
    return {
        "ID": f"0x{spec.codec_id.hex()}",
        "LEVEL": tables.level_index,
        "PRIORS": tables.numbers["priors"],
        "WIDTH": sizes.width,
        "HEIGHT": sizes.height,
        "CHANNELS": spec.channels,
        "VECTORS": sizes.vectors,
        "LATENT_CHANNELS": spec.latent_channels,
        "CODE_DIMENSION": dimension,
        "LATENTS_SIZE": sizes.vectors * spec.latent_channels,
        "CODES_SIZE": sizes.vectors * dimension,
        "WORK_SIZE": sizes.work,
        "FILE_BOUND": sizes.file,
        "NETWORK_WORK_SIZE": max((net.work for net in networks), default=0),
    }


def _title(tables: CTables) -> str:
    spec, level = tables.folder.spec, tables.level_index / LEVEL_UNITS
    return f"Codec {in_comment(spec.name)} ({spec.codec_id.hex()}), level {level:g}"


def codec_source(tables: CTables) -> str:
    """The C source of the tables of a level."""
    parts = [array.as_c() for array in tables.arrays.values()]
    if "spatial_centre" in tables.arrays:
        fields = {field: f"spatial_{field}" for field in array_fields(SpatialWeights)}
        parts.append(_struct("static const aecodec_spatial_weights", "spatial", fields))
    if "context_degree" in tables.arrays:
        parts.append(_context_struct(tables))
    parts.append(_struct("const aecodec_codec", CODEC, _codec_fields(tables)))
    start = f'{LICENCE}\n/* {_title(tables)}. */\n#include "codec.h"'
    return "\n\n".join([start, *parts]) + "\n"


def _struct(declared: str, name: str, fields: Mapping[str, object]) -> str:
    lines = "".join(f"    .{field} = {value},\n" for field, value in fields.items())
    return f"{declared} {name} = {{\n{lines}}};"


def _context_struct(tables: CTables) -> str:
    fields: dict[str, object] = {
        "units": len(tables.arrays["context_degree"].values),
        **{field: f"context_{field}" for field in array_fields(ContextNetwork)},
        "spatial": "&spatial" if "spatial_centre" in tables.arrays else "NULL",
    }
    return _struct("static const aecodec_context_network", "context", fields)


def _codec_fields(tables: CTables) -> dict[str, object]:
    return {
        "id": "{" + ", ".join(f"0x{byte:02x}" for byte in tables.folder.spec.codec_id) + "}",
        **tables.numbers,
        **{field: field if field in tables.arrays else "NULL" for field in CODEC_ARRAYS},
        "context": "&context" if "context_degree" in tables.arrays else "NULL",
    }
