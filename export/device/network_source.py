"""Networks of a codec as C source: their plans in arrays."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from aecodec.base.errors import CodecError
from aecodec.codec_files.codec_file import NETWORKS
from aecodec.codec_files.file_names import Half
from aecodec.codec_files.folder import CodecFolder
from aecodec.codec_files.spec import CodecSpec
from aecodec.native.networks import NativeNetwork

LICENCE = "/* SPDX-License-Identifier: Apache-2.0 */"
_INDENT = "    "


@dataclass(frozen=True)
class CNetwork:
    """A half of a codec as a network plan, and its `numbers` by the ends of macro names.

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
        network = NativeNetwork(plan)
        taken, returned = network.shapes(size[1] // tile[0], size[0] // tile[1])
        numbers = {
            "SIZE": len(plan),
            "ROWS": taken[0],
            "COLUMNS": taken[1],
            "INPUT_SIZE": math.prod(taken),
            "OUTPUT_SIZE": math.prod(returned),
            "WORK_SIZE": network.device_work_size(*taken[:2]),
        }
        return cls(folder.spec, half, plan, numbers)

    @property
    def work(self) -> int:
        return self.numbers["WORK_SIZE"]

    @property
    def array(self) -> str:
        """Name of the array, and stem of the file."""
        return network_name(self.half)

    def as_text(self) -> str:
        return (
            f"{self.half.value} in C: {len(self.plan)} bytes of flash, {self.work} bytes of "
            "working memory"
        )

    def source(self) -> str:
        words = (f"0x{word:08x}" for word in np.frombuffer(self.plan, "<u4").tolist())
        return f"""{LICENCE}
/* The {self.half.value} of the codec {in_comment(self.codec.name)}, as a network plan. */
#include "codec.h"

const uint32_t {self.array}[] = {{
{in_lines(words)}
}};
"""


def network_name(half: Half) -> str:
    return f"aecodec_device_{half.value}"


def in_comment(text: str) -> str:
    """Text that cannot end a C comment."""
    return text.replace("*/", "* /")


def in_lines(numbers: Iterable[str]) -> str:
    """Numbers of a C array, separated by commas, in indented lines."""
    return textwrap.fill(", ".join(numbers), 100, initial_indent=_INDENT, subsequent_indent=_INDENT)


def plan_of(folder: CodecFolder, half: Half) -> bytes:
    """The network plan of a half; CodecError if the codec lacks it."""
    plan = folder.native.find(NETWORKS[half])
    if plan is None:
        raise CodecError(f"codec {folder.spec.name} has no {half.value}")
    return bytes(plan)
