"""A level of a codec as C source: its tables, and the sizes of buffers for a picture."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from aecodec.errors import ModelError
from aecodec.export.device import c_names
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
        """The sizes for (width, height); ModelError if `aecodec.c` takes fewer code vectors."""
        vectors, work, file = tables.native.sizes(size, tables.folder.spec.channels == 3)
        if not vectors:
            raise ModelError(
                f"{size[0]}x{size[1]} pixels have more than {MAX_VECTORS} code vectors, which is "
                "too many for C: choose a smaller --size"
            )
        return cls(*size, vectors, work, file)


def identifier_of(tables: CTables) -> str:
    """Name of the `aecodec_codec`; in upper case, the prefix of the level's macros."""
    return c_names.level_identifier(tables.folder.spec.name, tables.level_index)


def c_codec(tables: CTables, sizes: PictureSizes) -> dict[str, bytes]:
    """A level as C source: the contents of the files, by name.

    The files are a header and a source file named after codec and level, and `codec.h` with short
    names for programs with one codec.
    """
    name = identifier_of(tables)
    return {
        f"{name}.h": _header(tables, sizes).encode(),
        f"{name}.c": _source(tables).encode(),
        "codec.h": _short_names(tables, sizes).encode(),
    }


def _constants(tables: CTables, sizes: PictureSizes) -> dict[str, object]:
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
    }


def _header(tables: CTables, sizes: PictureSizes) -> str:
    name = identifier_of(tables)
    comment = f"{_title(tables)}: {tables.bytes:,} bytes of tables."
    content = f"""#include "aecodec.h"

/* The codec's id, its level in sixteenths, and the number of its priors that are here. Then, for
 * pictures of WIDTH by HEIGHT pixels: code vectors, channels of the networks and of the codes, and
 * sizes in bytes of the latents, the codes, the working memory, and the largest file. */
{c_names.c_defines(name.upper(), _constants(tables, sizes))}"""
    return c_names.c_header(f"{name.upper()}_H", comment, content, f"const aecodec_codec {name}")


def _short_names(tables: CTables, sizes: PictureSizes) -> str:
    name = identifier_of(tables)
    comment = f"""Short names for a program with one codec: {_title(tables)}.
 * A program with several includes {name}.h and uses the full names."""
    content = f"""#ifdef CODEC
#error "a second codec.h: include {name}.h instead, and use its full names"
#endif

#include "{name}.h"

#define CODEC {name}
{c_names.c_defines("CODEC", {key: f"{name.upper()}_{key}" for key in _constants(tables, sizes)})}"""
    return c_names.c_header(f"{name.upper()}_SHORT_NAMES_H", comment, content)


def _title(tables: CTables) -> str:
    spec, level = tables.folder.spec, tables.level_index / LEVEL_UNITS
    return f"Codec {c_names.in_comment(spec.name)} ({spec.codec_id.hex()}), level {level:g}"


def _source(tables: CTables) -> str:
    name = identifier_of(tables)
    parts = [array.as_c(f"{name}_") for array in tables.arrays.values()]
    if "spatial_centre" in tables.arrays:
        parts.append(_spatial_struct(name))
    if "context_degree" in tables.arrays:
        parts.append(_context_struct(tables, name))
    parts.append(_struct("const aecodec_codec", name, _codec_fields(tables, name)))
    start = f'{c_names.LICENCE}\n/* {_title(tables)}. */\n#include "{name}.h"'
    return "\n\n".join([start, *parts]) + "\n"


def _struct(declared: str, name: str, fields: Mapping[str, object]) -> str:
    lines = "".join(f"    .{field} = {value},\n" for field, value in fields.items())
    return f"{declared} {name} = {{\n{lines}}};"


def _spatial_struct(name: str) -> str:
    fields = {field: f"{name}_spatial_{field}" for field in array_fields(SpatialWeights)}
    return _struct("static const aecodec_spatial_weights", f"{name}_spatial", fields)


def _context_struct(tables: CTables, name: str) -> str:
    fields: dict[str, object] = {
        "units": len(tables.arrays["context_degree"].values),
        **{field: f"{name}_context_{field}" for field in array_fields(ContextNetwork)},
        "spatial": f"&{name}_spatial" if "spatial_centre" in tables.arrays else "NULL",
    }
    return _struct("static const aecodec_context_network", f"{name}_context", fields)


def _codec_fields(tables: CTables, name: str) -> dict[str, object]:
    def array(field: str) -> str:
        return f"{name}_{field}" if field in tables.arrays else "NULL"

    return {
        "id": "{" + ", ".join(f"0x{byte:02x}" for byte in tables.folder.spec.codec_id) + "}",
        **tables.numbers,
        **{field: array(field) for field in CODEC_ARRAYS},
        "context": f"&{name}_context" if "context_degree" in tables.arrays else "NULL",
    }
