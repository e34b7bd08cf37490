"""Networks of a codec as C source: their plans in arrays, and a header."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from aecodec.codec_files.codec_file import NETWORKS
from aecodec.codec_files.file_names import Half
from aecodec.codec_files.folder import CodecFolder
from aecodec.codec_files.spec import CodecSpec
from aecodec.compiler.plan import work_size
from aecodec.errors import CodecError
from aecodec.export.device import c_names
from aecodec.native.networks import NativeNetwork

_WORDS_PER_LINE = 8


@dataclass(frozen=True)
class CNetwork:
    """A half of a codec as a network plan, and the `numbers` of its header by macro.

    ROWS and COLUMNS of the input are 1 for a vector, INPUT_SIZE and OUTPUT_SIZE count elements, and
    WORK_SIZE is in bytes of working memory on a device.
    """

    codec: CodecSpec
    half: Half
    plan: bytes
    numbers: dict[str, int]

    @classmethod
    def of(cls, folder: CodecFolder, half: Half, size: tuple[int, int]) -> CNetwork:
        """A half for pictures of (width, height); CodecError if the codec lacks it."""
        plan, tile = plan_of(folder, half), folder.spec.tile if half is Half.DECODER else (1, 1)
        taken, returned = NativeNetwork(plan).shapes(size[1] // tile[0], size[0] // tile[1])
        numbers = {
            "SIZE": len(plan),
            "ROWS": taken[0],
            "COLUMNS": taken[1],
            "INPUT_SIZE": math.prod(taken),
            "OUTPUT_SIZE": math.prod(returned),
            "WORK_SIZE": work_size(plan, *taken[:2]),
        }
        return cls(folder.spec, half, plan, numbers)

    @property
    def work(self) -> int:
        return self.numbers["WORK_SIZE"]

    @property
    def array(self) -> str:
        """Name of the array, and stem of the file names; the levels of a codec share it."""
        return f"{c_names.codec_identifier(self.codec.name)}_{self.half.value}_network"

    def as_text(self) -> str:
        return (
            f"{self.half.value} in C: {len(self.plan)} bytes of flash, {self.work} bytes of "
            "working memory"
        )

    def files(self) -> dict[str, bytes]:
        array, macro = self.array, self.array.upper()
        title = f"The {self.half.value} of the codec {c_names.in_comment(self.codec.name)}"
        comment = f"""{title} ({self.codec.codec_id.hex()}), as a network plan:
 * aecodec_network_open takes the array and its SIZE in bytes. ROWS and COLUMNS are those of the
 * input; WORK_SIZE is the working memory in bytes that portable kernels need."""
        content = f"#include <stdint.h>\n\n{c_names.c_defines(macro, self.numbers)}"
        declared = f"const uint32_t {array}[{macro}_SIZE / 4]"
        header = c_names.c_header(f"{macro}_H", comment, content, declared)
        words = (f"0x{word:08x}" for word in np.frombuffer(self.plan, "<u4").tolist())
        body = c_names.c_numbers(words, _WORDS_PER_LINE)
        start = f'{c_names.LICENCE}\n#include "{array}.h"\n\n'
        source = f"{start}const uint32_t {array}[] = {{\n    {body}\n}};\n"
        return {f"{array}.h": header.encode(), f"{array}.c": source.encode()}


def plan_of(folder: CodecFolder, half: Half) -> bytes:
    """The network plan of a half; CodecError if the codec lacks it."""
    plan = folder.native.find(NETWORKS[half])
    if plan is None:
        raise CodecError(f"codec {folder.spec.name} has no {half.value}")
    return bytes(plan)


def network_names(networks: list[CNetwork]) -> str:
    includes = "".join(f'#include "{network.array}.h"\n' for network in networks)
    defines = "".join(_short_names(network) for network in networks)
    most = max(network.work for network in networks)
    content = f"""#include "aecodec_network.h"
{includes}
{defines}
/* Bytes of working memory that any of them needs. */
#define CODEC_NETWORK_WORK_SIZE {most}"""
    comment = "Short names for a program with the networks of one codec."
    return c_names.c_header("AECODEC_NETWORKS_H", comment, content)


def _short_names(network: CNetwork) -> str:
    macro, half = network.array.upper(), network.half.value.upper()
    names = "".join(f"#define CODEC_{half}_{key} {macro}_{key}\n" for key in network.numbers)
    return f"#define CODEC_{half} {network.array}\n{names}"
