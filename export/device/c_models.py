"""Networks of a codec as C source: a TFLite model or a network plan in an array, and a header."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from aecodec.codec_files.file_names import Half
from aecodec.codec_files.spec import CodecSpec
from aecodec.export.device.c_names import (
    LICENCE,
    c_defines,
    c_header,
    c_numbers,
    codec_identifier,
    in_comment,
)
from aecodec.network.convert import converted_plan
from aecodec.network.lowering import shape_of, zero_of
from aecodec.tflite.model import Tensor, read_model

_BYTES_PER_LINE, _WORDS_PER_LINE = 16, 8

_ALIGNED = """\
#if defined(__cplusplus)
#define AECODEC_ALIGNED alignas(16)
#elif defined(__STDC_VERSION__) && __STDC_VERSION__ >= 201112L
#define AECODEC_ALIGNED _Alignas(16)
#elif defined(__GNUC__)
#define AECODEC_ALIGNED __attribute__((aligned(16)))
#else
#error "state here how this compiler aligns an array to 16 bytes"
#endif

AECODEC_ALIGNED """


def c_array_files(model: bytes, codec: CodecSpec, half: Half) -> dict[str, bytes]:
    """The header and source file (C99 and C++17) of an int8 `.tflite` model, by name."""
    prefix, graph = _prefix(codec, half), read_model(model)
    macro = prefix.upper()
    numbers = {
        "MODEL_SIZE": f"{len(model)}u",
        **_tensor("INPUT", graph.tensors[graph.entry]),
        **_tensor("OUTPUT", graph.tensors[graph.exit]),
    }
    comment = (
        f"{_title(codec, half)}, as int8 TensorFlow Lite.\n"
        " * Sizes are in bytes; value = scale * (integer - zero point)."
    )
    declaration = f"const unsigned char {prefix}_model[{macro}_MODEL_SIZE]"
    header = c_header(f"{macro}_MODEL_H", comment, c_defines(macro, numbers), declaration)
    body = c_numbers((f"0x{byte:02x}" for byte in model), _BYTES_PER_LINE)
    return _files(f"{prefix}_model", header, f"{_ALIGNED}{declaration}", body)


def _prefix(codec: CodecSpec, half: Half) -> str:
    """Prefix of the identifiers of a half; the levels of a codec share its models."""
    return f"{codec_identifier(codec.name)}_{half.value}"


def _title(codec: CodecSpec, half: Half) -> str:
    return f"The {half.value} of the codec {in_comment(codec.name)} ({codec.codec_id.hex()})"


def _tensor(name: str, tensor: Tensor) -> dict[str, str]:
    return {
        f"{name}_SIZE": f"{math.prod(shape_of(tensor))}u",
        f"{name}_SCALE": f"{tensor.scale:.9e}f",
        f"{name}_ZERO_POINT": f"({zero_of(tensor)})",
    }


def _files(stem: str, header: str, definition: str, body: str) -> dict[str, bytes]:
    source = f'{LICENCE}\n#include "{stem}.h"\n\n{definition} = {{\n    {body}\n}};\n'
    return {f"{stem}.h": header.encode(), f"{stem}.c": source.encode()}


@dataclass(frozen=True)
class CNetwork:
    """A half of a codec as a network plan.

    `rows` and `columns` of the input are 1 for a vector; `input_size` and `output_size` count
    elements, and `work` is the number of bytes of working memory on a device.
    """

    codec: CodecSpec
    half: Half
    plan: bytes
    rows: int
    columns: int
    input_size: int
    output_size: int
    work: int

    @property
    def array(self) -> str:
        """Name of the array, and stem of the file names."""
        return f"{_prefix(self.codec, self.half)}_network"

    @property
    def numbers(self) -> dict[str, int]:
        """The macros of the header."""
        return {
            "SIZE": len(self.plan),
            "ROWS": self.rows,
            "COLUMNS": self.columns,
            "INPUT_SIZE": self.input_size,
            "OUTPUT_SIZE": self.output_size,
            "WORK_SIZE": self.work,
        }

    def as_text(self) -> str:
        """One line for the terminal."""
        return (
            f"{self.half.value} in C: {len(self.plan)} bytes of flash, {self.work} bytes of "
            "working memory"
        )


def c_network(model: bytes, codec: CodecSpec, half: Half) -> CNetwork:
    """Convert a half's int8 `.tflite` file to a plan for inputs of the model's size.

    Raises ModelError if C has no kernel for an operator.
    """
    plan = converted_plan(model)
    ends = (plan.tensors[number].shape for number in (plan.entry, plan.exit))
    taken, returned = (math.prod(shape.of(*plan.size)) for shape in ends)
    return CNetwork(codec, half, plan.as_bytes(), *plan.size, taken, returned, plan.work_size)


def c_network_files(network: CNetwork) -> dict[str, bytes]:
    """The header and the source file of a network in C99, by name."""
    array, macro = network.array, network.array.upper()
    comment = f"""{_title(network.codec, network.half)}, as a network plan:
 * aecodec_network_open takes the array and its SIZE in bytes. ROWS and COLUMNS are those of the
 * input; WORK_SIZE is the working memory in bytes that portable kernels need."""
    content = f"#include <stdint.h>\n\n{c_defines(macro, network.numbers)}"
    header = c_header(f"{macro}_H", comment, content, f"const uint32_t {array}[{macro}_SIZE / 4]")
    words = np.frombuffer(network.plan, "<u4").tolist()
    body = c_numbers((f"0x{word:08x}" for word in words), _WORDS_PER_LINE)
    return _files(array, header, f"const uint32_t {array}[]", body)


def network_names(networks: list[CNetwork]) -> str:
    """A header with short names, for a program with the networks of one codec."""
    includes = "".join(f'#include "{network.array}.h"\n' for network in networks)
    defines = "".join(_short_names(network) for network in networks)
    most = max(network.work for network in networks)
    content = f"""#include "aecodec_network.h"
{includes}
{defines}
/* Bytes of working memory that any of them needs. */
#define CODEC_NETWORK_WORK_SIZE {most}"""
    comment = "Short names for a program with the networks of one codec."
    return c_header("AECODEC_NETWORKS_H", comment, content)


def _short_names(network: CNetwork) -> str:
    macro, half = network.array.upper(), network.half.value.upper()
    names = "".join(f"#define CODEC_{half}_{key} {macro}_{key}\n" for key in network.numbers)
    return f"#define CODEC_{half} {network.array}\n{names}"
