"""How much flash, RAM and how many instructions does an encoder take on a Cortex-M4?

The program is an exported folder, built by examples/microcontroller at -Os and run by qemu. It
encodes a digit to a file. Flash and RAM are taken from the linker's map. The benchmark needs make,
arm-none-eabi-gcc and qemu-system-arm.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from argparse import ArgumentParser, Namespace
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import aecodec
from aecodec.data.c_sources import c_sources
from aecodec.export.device.codec_source import CODEC
from aecodec.export.device.network_source import network_name
from aecodec.export.device.verify import DeviceFolder
from benchmarks.harness import ROOT, Row

_EXAMPLE = ROOT / "examples" / "microcontroller"
CODE = [path.stem for path in c_sources("core").glob("aecodec*.c")]
"""Names of the object files of `c/core`."""

# A line of the linker's map: section, address, size, object.
_PLACED = re.compile(r"^ \.(\w+)[.\w]*\s+0x[0-9a-f]+\s+(0x[0-9a-f]+) \S+/(\w+)\.o$", re.MULTILINE)


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--codec", default="digits", metavar="NAME|FILE")


def measure(options: Namespace) -> Iterator[Row]:
    for level in range(1, len(aecodec.load_codec(options.codec).spec.levels) + 1):
        with tempfile.TemporaryDirectory() as folder:
            sizes = _sizes(_export(options.codec, level, Path(folder, "device")))
        yield {"program": f"{options.codec}, level {level}", **sizes}


def _number(path: Path) -> int:
    return int(path.read_text("utf-8"))


def _export(codec: str, level: int, folder: Path) -> DeviceFolder:
    command = [sys.executable, "-m", "aecodec", "export", codec, "-o", str(folder), "--quiet"]
    to_c = ["--format", "c", "--half", "encoder", "--level", str(level)]
    subprocess.run([*command, *to_c], check=True)
    return DeviceFolder(folder)


def _sizes(device: DeviceFolder) -> dict[str, int]:
    """Bytes in flash and in RAM, and instructions for a picture."""
    build = device.path / "build"
    make = ["make", "-s", "-C", str(_EXAMPLE), f"CODEC={device.path}", f"BUILD={build}"]
    subprocess.run([*make, "arm", "run"], check=True, capture_output=True)
    sections = sections_of((build / "firmware.map").read_text("utf-8"))
    (network,) = device.networks
    return {
        "code": sum(sections[name, part] for name in CODE for part in ("text", "rodata")),
        "tables": sections[CODEC, "rodata"],
        "network": sections[network_name(network), "rodata"],
        "stack": _number(build / "stack.txt"),
        "ram": sections["main", "bss"],
        "instructions": _number(build / "instructions.txt"),
    }


def sections_of(linker_map: str) -> Counter[tuple[str, str]]:
    sizes: Counter[tuple[str, str]] = Counter()
    for section, size, name in _PLACED.findall(
        linker_map.partition("Linker script and memory map")[2]
    ):
        sizes[name, section] += int(size, 16)
    return sizes
