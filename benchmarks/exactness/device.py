"""Does C on a device write Python's files, and how much flash, RAM and time does it take?

The data are a folder of pictures, or an array of them. For every level C makes a file of each
picture, with the encoder network, which is compared with that of Python with LiteRT's reference
kernels; all once more under AddressSanitizer and UndefinedBehaviorSanitizer. Flash and RAM are
those of the firmware in examples/microcontroller for a Cortex-M4 at -Os, taken from its map; its
stack and its instructions are what a digit took on the Cortex-M4 that qemu emulates. The time is
that from one picture's codes to a file on this machine, at -O3, without the network. The benchmark
needs gcc, make, arm-none-eabi-gcc and qemu-system-arm.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from argparse import Namespace
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

import aecodec
from aecodec import Codec, Picture
from aecodec.arrays import Pixels
from aecodec.export.device.verify import DeviceFolder, check_device, prepared
from benchmarks.harness import ROOT, Options, Row
from benchmarks.pictures import first_pictures

_EXAMPLE = ROOT / "examples" / "microcontroller"
_SPEED = Path(__file__).with_name("device_speed.c")
_SANITIZERS = ("-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
_CODE = ("aecodec", "aecodec_network", "aecodec_operators", "aecodec_kernels")
_TIMED = 1000

# A line of the linker's map: section, address, size, object.
_PLACED = re.compile(r"^ \.(\w+)[.\w]*\s+0x[0-9a-f]+\s+(0x[0-9a-f]+) \S+/(\w+)\.o$", re.MULTILINE)


def add_arguments(parser: Options) -> None:
    """Add the data, the codec and the number of pictures."""
    parser.add_data()
    parser.add_codec("digits")
    parser.add_limit()


def measure(options: Namespace) -> Iterator[Row]:
    """One row per level."""
    codec = aecodec.load_codec(options.codec)
    pictures = first_pictures(options.data, options.limit)
    for level in range(1, len(codec.spec.levels) + 1):
        with tempfile.TemporaryDirectory() as folder:
            device = _export(options.codec, level, Path(folder, "device"))
            sizes = _sizes(device)
            yield {
                "level": level,
                "same_files": check_device(device, codec, pictures),
                "sanitized": check_device(device, codec, pictures, _SANITIZERS),
                **sizes,
                "flash_kb": round((sizes["network"] + sizes["tables"] + sizes["code"]) / 1000),
                "ram_kb": round((sizes["ram"] + sizes["stack"]) / 1000),
                "microseconds": _microseconds(device, codec, pictures),
            }


def _export(codec: str, level: int, folder: Path) -> DeviceFolder:
    command = [sys.executable, "-m", "aecodec", "export", codec, "-o", str(folder), "--quiet"]
    to_c = ["--format", "c", "--half", "encoder", "--level", str(level)]
    subprocess.run([*command, *to_c], check=True)
    return DeviceFolder(folder)


def _sizes(device: DeviceFolder) -> dict[str, int]:
    """Bytes in flash and in RAM, and instructions."""
    build = device.path / "build"
    make = ["make", "-s", "-C", str(_EXAMPLE), f"CODEC={device.path}", f"BUILD={build}"]
    subprocess.run([*make, "arm", "run"], check=True, capture_output=True)
    sections = _sections((build / "firmware.map").read_text("utf-8"))
    code = [sections[name, "text"] + sections.get((name, "rodata"), 0) for name in _CODE]
    (network,) = device.networks
    return {
        "code": sum(code),
        "tables": sections[device.identifier, "rodata"],
        "network": sections[device.network_name(network), "rodata"],
        "stack": int((build / "stack.txt").read_text("utf-8")),
        "ram": sections["main", "bss"],
        "instructions": int((build / "instructions.txt").read_text("utf-8")),
    }


def _sections(linker_map: str) -> dict[tuple[str, str], int]:
    """Bytes by object and section."""
    sizes: dict[tuple[str, str], int] = {}
    _, _, placed = linker_map.partition("Linker script and memory map")
    for section, size, name in _PLACED.findall(placed):
        sizes[name, section] = sizes.get((name, section), 0) + int(size, 16)
    return sizes


def _microseconds(device: DeviceFolder, codec: Codec, pictures: Sequence[Picture]) -> float:
    """Time from one picture's codes to its file."""
    program, outputs = device.path / "speed", device.path / "outputs.bin"
    options = ("-std=c99", "-O3", "-DAECODEC_ENCODER_ONLY")
    _compile("gcc", device, _SPEED, program, options)
    pixels = np.concatenate([prepared(codec, device, picture) for picture in pictures])
    latents = _latents(codec, pixels)
    outputs.write_bytes(np.resize(latents, (_TIMED, latents.shape[1])).tobytes())
    done = subprocess.run([str(program), str(outputs)], check=True, capture_output=True, text=True)
    return float(done.stdout)


def _latents(codec: Codec, pixels: Pixels) -> np.ndarray[tuple[int, int], np.dtype[np.int8]]:
    """Latents of each picture, (N, latents of a picture)."""
    return codec.encoder.latents(pixels).reshape(len(pixels), -1)


def _compile(
    compiler: str, device: DeviceFolder, main: Path, program: Path, options: Sequence[str]
) -> None:
    command = [compiler, *options, f"-I{device.path}", "-o", program, main, *device.library_sources]
    subprocess.run([str(part) for part in command], check=True)
