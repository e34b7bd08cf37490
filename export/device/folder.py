"""A folder for a device: `aecodec.c`, the tables of one level, and an example that builds."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from importlib.resources import files
from string import Template

from aecodec.arrays import Pixels
from aecodec.codec.codec import Codec
from aecodec.entropy import coding
from aecodec.export.device.codec_source import PictureSizes, c_codec, identifier_of
from aecodec.export.device.reference import c_file
from aecodec.export.device.tables import CTables
from aecodec.export.formats.c_names import codec_identifier
from aecodec.export.formats.parity import Parity
from aecodec.format.container import LEVEL_UNITS
from aecodec.image_files.writing import to_pil
from aecodec.imaging.picture import Picture, from_array
from aecodec.imaging.tiling import grid_of

_COPIED = ("aecodec.h", "aecodec.c", "main.c")
_TEMPLATES = ("CMakeLists.txt", "README.md")

_CALL = """\
alignas(16) static uint8_t {symbol}_arena[{arena} + 4096];

extern "C" int {symbol}_run(const int8_t *input, int8_t *output)
{{
    tflite::MicroMutableOpResolver<{count}> resolver;
{operators}
    tflite::MicroInterpreter interpreter(
        tflite::GetModel({symbol}_model), resolver,
        {symbol}_arena, sizeof {symbol}_arena);
    if (interpreter.AllocateTensors() != kTfLiteOk) return 0;
    memcpy(interpreter.input(0)->data.int8, input, {macro}_INPUT_SIZE);
    if (interpreter.Invoke() != kTfLiteOk) return 0;
    memcpy(output, interpreter.output(0)->data.int8, {macro}_OUTPUT_SIZE);
    return 1;
}}"""

_INCLUDES = """\
#include <cstring>
#include "tensorflow/lite/micro/micro_interpreter.h"
#include "tensorflow/lite/micro/micro_mutable_op_resolver.h"
#include "tensorflow/lite/schema/schema_generated.h"
"""


def device_files(tables: CTables, pictures: Pixels, models: Sequence[Parity]) -> dict[str, bytes]:
    """All files that a device needs, except for the networks.

    Args:
        tables: tables of the level.
        pictures: (N, H, W, C) uint8 with the codec's channels; the first one is the sample.
        models: measurements of the networks that go into the folder.

    Returns:
        The files by name.
    """
    sample = from_array(pictures[0])
    sizes = PictureSizes.of(tables, sample.size)
    source = files("aecodec.export") / "c"
    values = _template_values(tables, sizes, pictures, models)
    return {
        **{name: (source / name).read_bytes() for name in _COPIED},
        **{
            name: Template((source / name).read_text("utf-8")).substitute(values).encode()
            for name in _TEMPLATES
        },
        **c_codec(tables, sizes),
        **_sample_files(tables, sample),
    }


def _sample_files(tables: CTables, sample: Picture) -> dict[str, bytes]:
    encoder = Codec(tables.folder).encoder
    encoded = encoder.encode(sample, encoder.header(sample))
    return {
        "sample.pnm": _as_pnm(sample),
        "sample.bin": encoded.latents.tobytes(),
        "sample.aec": c_file(tables, encoded),
    }


def _as_pnm(picture: Picture) -> bytes:
    """The picture in the format that tests of a firmware read most easily."""
    file = io.BytesIO()
    to_pil(picture)[0].save(file, format="PPM")
    return file.getvalue()


def _template_values(
    tables: CTables, sizes: PictureSizes, pictures: Pixels, models: Sequence[Parity]
) -> dict[str, object]:
    name = tables.folder.spec.name
    symbols = [_symbol(tables, model) for model in models]
    networks = [f"`{symbol}_model.{end}`" for symbol in symbols for end in ("c", "h")]
    headers = "".join(f'#include "{symbol}_model.h"\n' for symbol in symbols)
    return {
        "name": name,
        "tables": identifier_of(tables),
        "macro_": f"{identifier_of(tables).upper()}_",
        "level": f"{tables.units / LEVEL_UNITS:g}",
        "width": sizes.width,
        "height": sizes.height,
        "rows": "\n".join(_rows(tables, sizes, models)),
        "pruned": _pruned(tables, pictures),
        "networks": ", ".join(networks),
        "calls": "\n".join(
            [_INCLUDES + headers, *map(_call, symbols, models)],
        ),
    }


def _symbol(tables: CTables, model: Parity) -> str:
    return f"{codec_identifier(tables.folder.spec.name)}_{model.half}"


def _rows(tables: CTables, sizes: PictureSizes, models: Sequence[Parity]) -> Iterator[str]:
    channels = tables.folder.spec.latent_channels + tables.prior.code_dimension
    for model in models:
        yield f"| flash | {model.half} network | {model.bytes:,} |"
    yield f"| flash | tables | {tables.bytes:,} |"
    for model in models:
        arena = f"{model.arena_bytes:,}" if model.arena_bytes else model.micro
        yield f"| RAM | {model.half}'s arena in TensorFlow Lite Micro, on a computer | {arena} |"
    yield f"| RAM | latents and codes | {sizes.vectors * channels:,} |"
    yield f"| RAM | working memory of `aecodec.c` | {sizes.work:,} |"
    yield f"| RAM | the file, at most | {sizes.file:,} |"


def _call(symbol: str, model: Parity) -> str:
    """The C++ that runs a network."""
    adding = [f"    resolver.Add{_in_camel_case(name)}();" for name in model.operators]
    return _CALL.format(
        symbol=symbol,
        macro=symbol.upper(),
        arena=f"{symbol.upper()}_ARENA_SIZE" if model.arena_bytes else "/* to be found */",
        count=len(adding),
        operators="\n".join(adding),
    )


def _in_camel_case(operator: str) -> str:
    """The name of an operator in TensorFlow Lite Micro.

    >>> _in_camel_case("DEPTHWISE_CONV_2D")
    'DepthwiseConv2D'
    >>> _in_camel_case("PADV2")
    'PadV2'
    """
    return re.sub(r"v(?=\d$)", "V", operator.title().replace("_", ""))


def _pruned(tables: CTables, pictures: Pixels) -> str:
    """What it costs that some priors are left out."""
    whole = tables.folder.prior(tables.number)
    if len(tables.kept) == whole.priors:
        return ""
    spec, size = tables.folder.spec, (pictures.shape[2], pictures.shape[1])
    rows, columns = grid_of(size, spec.tile)
    grid = (len(pictures), rows, columns) if spec.receptive_field else None
    codes = Codec(tables.folder).encoder.codes(pictures, tables.number)
    kept, all_ = (coding.bits(prior, codes, grid).mean() / 8 for prior in (tables.prior, whole))
    return (
        f"\n\nThe folder has {len(tables.kept)} of the codec's {whole.priors} priors, so a code "
        f"vector takes {kept:.2f} bytes instead of {all_:.2f} (the mean of {len(pictures)} "
        "pictures)."
    )
