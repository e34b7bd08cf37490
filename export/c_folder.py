"""A folder for a device: `aec.c`, one level's tables, an example that builds, and what it takes."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from importlib.resources import files
from string import Template

from aecodec import images, tiling
from aecodec.codec import Codec
from aecodec.container import LEVEL_UNITS
from aecodec.export.c_codec import PictureSizes, c_codec
from aecodec.export.c_file import c_file
from aecodec.export.c_tables import CTables
from aecodec.export.parity import Parity
from aecodec.images import Picture, Pixels

_AS_THEY_ARE = ("aec.h", "aec.c", "main.c", "CMakeLists.txt")

_CALL = """\
alignas(16) static uint8_t {half}_arena[{arena} + 4096];

extern "C" int run_{half}_network(const int8_t *input, int8_t *output)
{{
    tflite::MicroMutableOpResolver<{count}> resolver;
{operators}
    tflite::MicroInterpreter interpreter(tflite::GetModel({half}_model), resolver, {half}_arena,
                                         sizeof {half}_arena);
    if (interpreter.AllocateTensors() != kTfLiteOk) return 0;
    memcpy(interpreter.input(0)->data.int8, input, {upper}_INPUT_SIZE);
    if (interpreter.Invoke() != kTfLiteOk) return 0;
    memcpy(output, interpreter.output(0)->data.int8, {upper}_OUTPUT_SIZE);
    return 1;
}}"""

_INCLUDES = """\
#include <cstring>
#include "tensorflow/lite/micro/micro_interpreter.h"
#include "tensorflow/lite/micro/micro_mutable_op_resolver.h"
#include "tensorflow/lite/schema/schema_generated.h"
"""


def device_files(tables: CTables, pictures: Pixels, models: list[Parity]) -> dict[str, bytes]:
    """All that a device needs but the networks.

    Args:
        tables: of the level.
        pictures: (N, H, W, C) uint8, of the codec's kind; the first one is the sample.
        models: what is known of the networks that go along.

    Returns:
        The files by name.
    """
    source = files("aecodec.export") / "c"
    sample = images.from_array(pictures[0])
    sizes = PictureSizes.of(tables, sample.size)
    encoder = Codec(tables.folder).encoder
    encoding = encoder.encode(sample, encoder.header(sample))
    readme = Template((source / "README.md").read_text("utf-8"))
    return {
        **{name: (source / name).read_bytes() for name in _AS_THEY_ARE},
        **c_codec(tables, sizes),
        "sample.pnm": _as_pnm(sample),
        "sample.bin": encoding.integers.tobytes(),
        "sample.aec": c_file(tables, encoding),
        "README.md": readme.substitute(_figures(tables, sizes, pictures, models)).encode(),
    }


def _as_pnm(picture: Picture) -> bytes:
    """The format that a firmware's tests read most easily."""
    file = io.BytesIO()
    images.to_pil(picture)[0].save(file, format="PPM")
    return file.getvalue()


def _figures(
    tables: CTables, sizes: PictureSizes, pictures: Pixels, models: list[Parity]
) -> dict[str, object]:
    networks = [f"`{model.half}_model.{end}`" for model in models for end in ("c", "h")]
    headers = "".join(f'#include "{model.half}_model.h"\n' for model in models)
    return {
        "name": tables.folder.spec.name,
        "level": f"{tables.units / LEVEL_UNITS:g}",
        "width": sizes.width,
        "height": sizes.height,
        "rows": "\n".join(_rows(tables, sizes, models)),
        "cut": _cut(tables, pictures),
        "networks": ", ".join(networks),
        "calls": "\n".join([_INCLUDES + headers, *map(_call, models)]),
    }


def _rows(tables: CTables, sizes: PictureSizes, models: list[Parity]) -> Iterator[str]:
    integers = tables.folder.spec.code_shape[-1] + tables.prior.code_dimension
    for model in models:
        yield f"| flash | {model.half} network | {model.bytes:,} |"
    yield f"| flash | tables of `codec.c` | {tables.bytes:,} |"
    for model in models:
        arena = f"{model.arena_bytes:,}" if model.arena_bytes else model.micro
        yield f"| RAM | {model.half}'s arena in TensorFlow Lite Micro, on a computer | {arena} |"
    yield f"| RAM | what the networks give or take, and its codes | {sizes.vectors * integers:,} |"
    yield f"| RAM | working memory of `aec.c` | {sizes.work:,} |"
    yield f"| RAM | the file, at most | {sizes.file:,} |"


def _call(model: Parity) -> str:
    """The C++ that runs a network."""
    adding = [f"    resolver.Add{_in_camel_case(name)}();" for name in model.operators]
    return _CALL.format(
        half=model.half,
        upper=model.half.upper(),
        arena=f"{model.half.upper()}_ARENA_SIZE" if model.arena_bytes else "/* to be found */",
        count=len(adding),
        operators="\n".join(adding),
    )


def _in_camel_case(operator: str) -> str:
    """As TensorFlow Lite Micro calls an operator.

    >>> _in_camel_case("DEPTHWISE_CONV_2D")
    'DepthwiseConv2D'
    >>> _in_camel_case("PADV2")
    'PadV2'
    """
    return re.sub(r"v(?=\d$)", "V", operator.title().replace("_", ""))


def _cut(tables: CTables, pictures: Pixels) -> str:
    whole = tables.folder.prior(tables.number)
    if len(tables.kept) == whole.priors:
        return ""
    spec, size = tables.folder.spec, (pictures.shape[2], pictures.shape[1])
    grid = (len(pictures), *tiling.grid(size, spec.tile)) if spec.reach else None
    codes = Codec(tables.folder).encoder.codes(pictures, tables.number)
    kept, all_ = (prior.bits(codes, grid).mean() / 8 for prior in (tables.prior, whole))
    return (
        f"\n\nOf the codec's {whole.priors} priors {len(tables.kept)} are here, so a code vector "
        f"takes {kept:.2f} bytes instead of {all_:.2f} (the mean of {len(pictures)} pictures)."
    )
