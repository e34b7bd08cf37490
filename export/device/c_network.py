"""Network plans as C source: an array for flash memory, and a header with sizes."""

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
from aecodec.network.check import check_model
from aecodec.network.convert import network_plan
from aecodec.network.plan import work_size

_WORDS_PER_LINE = 8


@dataclass(frozen=True)
class CNetwork:
    """A half of a codec as a network plan.

    `rows` and `columns` of the input are 1 for a vector; `input_size` and `output_size` count
    elements.
    """

    codec: CodecSpec
    half: Half
    plan: bytes
    rows: int
    columns: int
    input_size: int
    output_size: int

    @property
    def array(self) -> str:
        """Name of the array, and stem of the file names."""
        return f"{codec_identifier(self.codec.name)}_{self.half.value}_network"

    @property
    def work(self) -> int:
        """Bytes of working memory on a device."""
        return work_size(self.plan, self.rows, self.columns)

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
    graph = check_model(model)
    entry, exit_ = (graph.tensors[number].shape for number in (graph.entry, graph.exit))
    rows, columns = entry[-3:-1] if len(entry) > 3 else (1, 1)
    sizes = math.prod(entry), math.prod(exit_)
    return CNetwork(codec, half, network_plan(model), rows, columns, *sizes)


def c_network_files(network: CNetwork) -> dict[str, bytes]:
    """The header and the source file of a network in C99, by name."""
    return {
        f"{network.array}.h": _header(network).encode(),
        f"{network.array}.c": _source(network).encode(),
    }


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
    names = "".join(f"#define CODEC_{half}_{key} {macro}_{key}\n" for key in _numbers(network))
    return f"#define CODEC_{half} {network.array}\n{names}"


def _numbers(network: CNetwork) -> dict[str, int]:
    return {
        "SIZE": len(network.plan),
        "ROWS": network.rows,
        "COLUMNS": network.columns,
        "INPUT_SIZE": network.input_size,
        "OUTPUT_SIZE": network.output_size,
        "WORK_SIZE": network.work,
    }


def _header(network: CNetwork) -> str:
    macro, spec = network.array.upper(), network.codec
    title = f"The {network.half.value} of the codec {in_comment(spec.name)} ({spec.codec_id.hex()})"
    comment = f"""{title}, as a network plan:
 * aecodec_network_open takes the array and its SIZE in bytes. ROWS and COLUMNS are those of the
 * input; WORK_SIZE is the working memory in bytes that portable kernels need."""
    content = f"#include <stdint.h>\n\n{c_defines(macro, _numbers(network))}"
    return c_header(
        f"{macro}_H", comment, content, f"const uint32_t {network.array}[{macro}_SIZE / 4]"
    )


def _source(network: CNetwork) -> str:
    words = np.frombuffer(network.plan, "<u4").tolist()
    body = c_numbers((f"0x{word:08x}" for word in words), _WORDS_PER_LINE)
    return f"""{LICENCE}
#include "{network.array}.h"

const uint32_t {network.array}[] = {{
    {body}
}};
"""
