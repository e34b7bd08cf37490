"""How the networks of a device's folder run: in C, or in TensorFlow Lite Micro."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from aecodec.export.device.c_names import codec_identifier
from aecodec.export.device.c_network import CNetwork, network_names
from aecodec.export.device.parity import Parity

_CODE = ("aecodec.h", "aecodec.c")
_NETWORK_CODE = (
    "aecodec_network.h",
    "aecodec_network.c",
    "aecodec_operators.h",
    "aecodec_operators.c",
    "aecodec_kernels.h",
    "aecodec_kernels.c",
    "aecodec_kernels_neon.c",
    "aecodec_kernels_wasm.c",
    "aecodec_kernels_x86.c",
    "aecodec_winograd.c",
)

_ENCODE = """\
aecodec_network network;
aecodec_network_open(&network, CODEC_ENCODER, CODEC_ENCODER_SIZE);
aecodec_network_run(&network, CODEC_ENCODER_ROWS, CODEC_ENCODER_COLUMNS,
                    pixels, latents, work, sizeof work);
aecodec_quantize(&CODEC, latents, CODEC_VECTORS, codes);
aecodec_encode(&CODEC, &picture, codes, work, sizeof work, file, sizeof file, &size);"""

_DECODE = """\
aecodec_decode(&CODEC, file, size, work, sizeof work, codes, sizeof codes, &vectors);
aecodec_dequantize(&CODEC, codes, vectors, latents);
aecodec_network_open(&network, CODEC_DECODER, CODEC_DECODER_SIZE);
aecodec_network_run(&network, CODEC_DECODER_ROWS, CODEC_DECODER_COLUMNS,
                    latents, pixels, work, sizeof work);"""

_TRIALS = {
    "encoder": "./main encode sample.pnm out.aec && cmp out.aec sample.aec",
    "decoder": "./main decode sample.aec out.pnm",
}

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


class Networks(NamedTuple):
    """What a device's folder holds for its networks.

    Attributes:
        templates: folder of the program, the README and the build file, within the C sources.
        copied: the other C files of the folder.
        flash: lines of the README's table about flash.
        ram: lines of the README's table about RAM.
        values: what else stands in the templates.
        files: further files by name.
    """

    templates: str
    copied: tuple[str, ...]
    flash: list[str]
    ram: list[str]
    values: dict[str, str]
    files: dict[str, bytes]


def in_c(networks: Sequence[CNetwork]) -> Networks:
    """Networks that C runs.

    Args:
        networks: the networks of the folder.
    """
    halves = [network.half.value for network in networks]
    calls = [{"encoder": _ENCODE, "decoder": _DECODE}[half] for half in halves]
    return Networks(
        templates="",
        copied=(*_CODE, *_NETWORK_CODE),
        flash=[
            f"| flash | {network.half.value} network | {len(network.plan):,} |"
            for network in networks
        ],
        ram=[
            f"| RAM | working memory of the {network.half.value} network | {network.work:,} |"
            for network in networks
        ],
        values={"trial": _TRIALS[halves[0]], "calls": "\n\n".join(calls)},
        files={"networks.h": network_names(list(networks)).encode()},
    )


def in_micro(codec: str, models: Sequence[Parity]) -> Networks:
    """Networks that TensorFlow Lite Micro runs.

    Args:
        codec: name of the codec.
        models: measurements of the networks of the folder.
    """
    symbols = [f"{codec_identifier(codec)}_{model.half}" for model in models]
    names = [f"`{symbol}_model.{end}`" for symbol in symbols for end in ("c", "h")]
    headers = "".join(f'#include "{symbol}_model.h"\n' for symbol in symbols)
    return Networks(
        templates="tflm",
        copied=_CODE,
        flash=[f"| flash | {model.half} network | {model.bytes:,} |" for model in models],
        ram=[
            f"| RAM | {model.half}'s arena in TensorFlow Lite Micro, on a computer | "
            f"{_arena(model)} |"
            for model in models
        ],
        values={
            "networks": ", ".join(names),
            "calls": "\n".join([_INCLUDES + headers, *map(_call, symbols, models)]),
        },
        files={},
    )


def _arena(model: Parity) -> str:
    return f"{model.arena_bytes:,}" if model.arena_bytes else model.micro


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
