"""Sizes that fit into 64 bits alone are not believed where a size has 32: in WebAssembly."""

from __future__ import annotations

import struct
import subprocess
from pathlib import Path

from helpers.documents import ROOT
from helpers.programs import needs

from aecodec import Codec
from aecodec.codec_files.codec_file import SectionKind, pack_codec
from aecodec.native.structures import BAD_BUNDLE, OK

CORE = ROOT / "web" / "src" / "aecodec.wasm"
BANK_COUNT = 16
"""Where a level's section has the number of numbers in its bank."""


def answer(content: bytes, tmp_path: Path, kind: str, *sizes: int) -> str:
    """What the core says of a file."""
    needs("node")
    (tmp_path / "hostile").write_bytes(content)
    script = Path(__file__).with_name("hostile.mjs")
    command = ["node", str(script), str(CORE), kind, str(tmp_path / "hostile"), *map(str, sizes)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def bundle_with_bank_of(codec: Codec, more: int) -> bytes:
    """A codec whose last level states `more` numbers of a bank too many; its hashes are right."""
    sections = codec.folder.sections
    place = max(n for n, item in enumerate(sections) if item.kind == SectionKind.LEVEL)
    level = sections[place]
    assert level.content is not None
    (count,) = struct.unpack_from("<I", level.content, BANK_COUNT)
    changed = bytearray(level.content)
    struct.pack_into("<I", changed, BANK_COUNT, count + more)
    sections[place] = level._replace(content=bytes(changed))
    return pack_codec(codec.spec, codec.folder.rdoq, sections)


def test_the_number_of_numbers_in_a_bank_does_not_wrap_around(codec: Codec, tmp_path: Path) -> None:
    assert answer(bundle_with_bank_of(codec, 0), tmp_path, "bundle") == str(OK)
    assert answer(bundle_with_bank_of(codec, 1 << 31), tmp_path, "bundle") == str(BAD_BUNDLE)


def wide_convolution(columns: int) -> bytes:
    """A plan: 3 by 3 of 1024 channels, from one pixel to a row of `columns` with 4 channels."""
    tensors = [0x10000, 0, 1024, 0x10001, 0, 0x10001, 0, 0]
    tensors += [0x10001, 0, 4, 0x10001, 0, 0x10001, columns - 1, 0]
    scaling = 4 * (16 + 16 + 16)
    parameters = [3 << 16 | 3, 1 << 16 | 1, 1 << 16 | 1, scaling + 48, scaling, 0x7F800000, 0, 0]
    operator = [1, 0xFFFF0000, 0xFFFFFFFF, 1, *parameters, 0, 0, 0, 0]
    weights = 9 * 1024 * 4
    size = scaling + 48 + weights
    opening = [0x4E434541, 1, size, 2, 1, 0, 0, 0, 1, 1, 0, 1, 0, 0, 0, 0]
    numbers = [*opening, *tensors, *operator]
    return struct.pack(f"<{len(numbers)}I", *numbers) + bytes(48 + weights)


def test_the_working_memory_of_a_wide_convolution_does_not_wrap_around(tmp_path: Path) -> None:
    few, many = 64, (1 << 20) - 2  # of which the latter took half a megabyte, and wrote gigabytes
    assert answer(wide_convolution(few), tmp_path, "plan", 1024, 4 * few) == str(OK)
    assert answer(wide_convolution(many), tmp_path, "plan", 1024, 4 * many) != str(OK)
