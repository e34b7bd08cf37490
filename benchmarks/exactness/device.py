"""Does C on a device write Python's files, and how much flash, RAM and time does it take?

The data are a folder of pictures, or an array of them. For every level C makes a file of each
picture, with the encoder network, which is compared with that of Python with LiteRT's reference
kernels; all once more under AddressSanitizer and UndefinedBehaviorSanitizer. Flash and RAM are
those of the firmware in examples/microcontroller for a Cortex-M4 at -Os, taken from its map; its
stack and its instructions are what a digit took on the Cortex-M4 that qemu emulates. The arena is
that of the same network in TensorFlow Lite Micro. The time is that from one picture's codes to a
file on this machine, at -O3, without the network. --fuzz runs 20,000 mutated files and libFuzzer as
well. The benchmark needs gcc, make, arm-none-eabi-gcc and qemu-system-arm, and clang for --fuzz.
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
from aecodec.export.tflm.run import run_in_micro
from benchmarks.harness import ROOT, Options, Row
from benchmarks.pictures import first_pictures

_EXAMPLE = ROOT / "examples" / "microcontroller"
_FUZZ = ROOT / "fuzz" / "decode.c"
_SPEED = Path(__file__).with_name("device_speed.c")
_SANITIZERS = ("-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
_CODE = ("aecodec", "aecodec_network", "aecodec_operators", "aecodec_kernels")
_TIMED, _SEEDS, _MUTATED = 1000, 20, 20_000

# A line of the linker's map: section, address, size, object.
_PLACED = re.compile(r"^ \.(\w+)[.\w]*\s+0x[0-9a-f]+\s+(0x[0-9a-f]+) \S+/(\w+)\.o$", re.MULTILINE)


def add_arguments(parser: Options) -> None:
    """Add the data, the codec, and the minutes of fuzzing."""
    parser.add_data()
    parser.add_codec("digits")
    parser.add_limit()
    parser.add_argument("--fuzz", type=float, metavar="MINUTES")


def measure(options: Namespace) -> Iterator[Row]:
    """One row per level, and one more if it is fuzzed."""
    codec = aecodec.load_codec(options.codec)
    pictures = first_pictures(options.data, options.limit)
    for level in range(1, len(codec.spec.levels) + 1):
        with tempfile.TemporaryDirectory() as folder:
            device = _export(options.codec, level, Path(folder, "device"))
            yield {
                "level": level,
                "same_files": check_device(device, codec, pictures),
                "sanitized": check_device(device, codec, pictures, _SANITIZERS),
                **_sizes(device, codec),
                "microseconds": _microseconds(device, codec, pictures),
            }
            if options.fuzz:
                yield {"level": level, **_fuzz(device, codec, pictures, options.fuzz)}


def _export(codec: str, level: int, folder: Path) -> DeviceFolder:
    command = [sys.executable, "-m", "aecodec", "export", codec, "-o", str(folder), "--quiet"]
    to_c = ["--format", "c", "--half", "encoder", "--level", str(level)]
    subprocess.run([*command, *to_c], check=True)
    return DeviceFolder(folder)


def _sizes(device: DeviceFolder, codec: Codec) -> dict[str, int]:
    """Bytes in flash and in RAM, and instructions."""
    build = device.path / "build"
    make = ["make", "-s", "-C", str(_EXAMPLE), f"CODEC={device.path}", f"BUILD={build}"]
    subprocess.run([*make, "arm", "run"], check=True, capture_output=True)
    sections = _sections((build / "firmware.map").read_text("utf-8"))
    code = {name: sections[name, "text"] + sections.get((name, "rodata"), 0) for name in _CODE}
    (network,) = device.networks
    return {
        "code": code.pop("aecodec"),
        "kernels": sum(code.values()),
        "tables": sections[device.identifier, "rodata"],
        "network": sections[device.network_name(network), "rodata"],
        "stack": int((build / "stack.txt").read_text("utf-8")),
        "ram": sections["main", "bss"],
        "instructions": int((build / "instructions.txt").read_text("utf-8")),
        "arena": run_in_micro(codec.folder.read(network.tflite)).arena_bytes or 0,
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


def _fuzz(
    device: DeviceFolder, codec: Codec, pictures: Sequence[Picture], minutes: float
) -> dict[str, int]:
    """Number of mutated files, and of inputs that libFuzzer made; any finding is an error."""
    program, corpus, mutated = (device.path / each for each in ("fuzz", "corpus", "mutated"))
    options = ("-std=c99", "-O1", *_SANITIZERS, "-fsanitize=fuzzer")
    _compile("clang", device, _FUZZ, program, options)
    files = [codec.compress(picture, level=device.level) for picture in pictures]
    _write_all(corpus, files[:_SEEDS])
    _write_all(mutated, _mutations(files))
    _run_fuzzer(program, mutated, "-runs=0")
    report = _run_fuzzer(program, corpus, f"-max_total_time={60 * minutes:.0f}", "-max_len=200")
    found = re.search(r"Done (\d+) runs", report)
    assert found, report
    return {"mutated_files": _MUTATED, "fuzzed_inputs": int(found[1])}


def _compile(
    compiler: str, device: DeviceFolder, main: Path, program: Path, options: Sequence[str]
) -> None:
    command = [compiler, *options, f"-I{device.path}", "-o", program, main, *device.library_sources]
    subprocess.run([str(each) for each in command], check=True)


def _write_all(folder: Path, files: Sequence[bytes] | Iterator[bytes]) -> None:
    folder.mkdir()
    for number, file in enumerate(files):
        (folder / str(number)).write_bytes(file)


def _run_fuzzer(program: Path, corpus: Path, *options: str) -> str:
    """Run libFuzzer, and return its report."""
    command = [str(program), "-timeout=10", *options, str(corpus)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=program.parent)
    assert done.returncode == 0, done.stderr
    return done.stderr


def _mutations(files: Sequence[bytes]) -> Iterator[bytes]:
    """Files with up to 3 bytes changed, cut at any length."""
    rng = np.random.default_rng(0)
    for number in range(_MUTATED):
        changed = bytearray(files[number % len(files)])
        for _ in range(rng.integers(1, 4)):
            changed[rng.integers(len(changed))] = rng.integers(256)
        yield bytes(changed[: rng.integers(1, len(changed) + 1)])
