"""Does C on a device write Python's files, and what does it take there?

    python -m benchmarks.device DATA [--codec digits] [--limit 1000] [--fuzz MINUTES] [--json FILE]

DATA is a folder of pictures, or an array of them. For every level: the encoder network runs in
TensorFlow Lite Micro, `aec.c` makes a file, which is compared with Python's, and reads it again;
all once more under AddressSanitizer and UndefinedBehaviorSanitizer. Flash and RAM are those of the
firmware in `examples/microcontroller`, for a Cortex-M4 at -Os, as its map has them; its stack is
what it used on the Cortex-M4 that qemu plays. The time is that of one picture's codes here, at
-O3, of an encoder alone. `--fuzz` then runs libFuzzer for so many minutes, and 20,000 mutated
files. Needs gcc, clang, make, arm-none-eabi-gcc and qemu-system-arm.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

import aecodec
from aecodec import Codec
from aecodec.dataset import open_dataset
from aecodec.export.device_check import DeviceFolder, check_device, prepared
from aecodec.images import Picture
from benchmarks.rows import codec_arguments, write_rows

_ROOT = Path(__file__).parents[1]
_EXAMPLE = _ROOT / "examples" / "microcontroller"
_FUZZ = _ROOT / "tests" / "device" / "fuzz.c"
_SPEED = Path(__file__).with_name("device_speed.c")
_SANITIZED = ("-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
_TIMED, _MUTATED = 1000, 20_000

# A line of the map: section, address, size, object.
_PLACED = re.compile(r"^ \.(\w+)[.\w]*\s+0x[0-9a-f]+\s+(0x[0-9a-f]+) \S+/(\w+)\.o$", re.MULTILINE)


def main() -> None:
    parser = codec_arguments(__doc__, "digits")
    parser.add_argument("--limit", type=int, default=1000)
    parser.add_argument("--fuzz", type=float, metavar="MINUTES")
    options = parser.parse_args()
    codec = aecodec.load_codec(options.codec)
    samples = islice(open_dataset(options.data), options.limit)
    pictures = [sample.picture for sample in samples]
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for row in _rows(codec, options.codec, pictures, Path(folder), options.fuzz):
            print(row, flush=True)
            rows.append(row)
    write_rows(options.json, rows)


def _rows(
    codec: Codec, name: str, pictures: list[Picture], folder: Path, minutes: float | None
) -> Iterator[dict[str, Any]]:
    for level in range(1, len(codec.spec.levels) + 1):
        device = _exported(name, level, folder / str(level))
        yield {
            "level": level,
            "same_files": check_device(device, codec, pictures),
            "sanitized": check_device(device, codec, pictures, _SANITIZED),
            **_placed(device),
            "microseconds": _microseconds(device, codec, pictures),
        }
        if minutes:
            yield {"level": level, **_fuzzed(device, codec, pictures, minutes)}


def _exported(codec: str, level: int, folder: Path) -> DeviceFolder:
    command = [sys.executable, "-m", "aecodec", "export", codec, "-o", str(folder), "--quiet"]
    to_c = ["--format", "c", "--half", "encoder", "--level", str(level)]
    subprocess.run([*command, *to_c], check=True)
    return DeviceFolder(folder)


def _placed(device: DeviceFolder) -> dict[str, int]:
    """Bytes in flash and in RAM."""
    build = device.path / "build"
    make = ["make", "-s", "-C", str(_EXAMPLE), f"CODEC={device.path}", f"BUILD={build}"]
    subprocess.run([*make, "arm", "run"], check=True, capture_output=True)
    linked = (build / "firmware.map").read_text("utf-8").partition("Linker script and memory map")
    sizes: dict[tuple[str, str], int] = {}
    for section, size, name in _PLACED.findall(linked[2]):
        sizes[name, section] = sizes.get((name, section), 0) + int(size, 16)
    arena = re.search(r"ENCODER_ARENA_SIZE (\d+)u", (device.path / "encoder_model.h").read_text())
    return {
        "code": sizes["aec", "text"] + sizes["aec", "rodata"],
        "tables": sizes["codec", "rodata"],
        "network": len(device.encoder),
        "stack": int((build / "stack.txt").read_text("utf-8")),
        "work": device.constant("CODEC_WORK_SIZE"),
        "integers": device.constant("CODEC_VECTORS")
        * (device.constant("CODEC_OUTPUTS") + device.constant("CODEC_DIMENSION")),
        "file": device.constant("CODEC_FILE_BOUND"),
        "arena": int(arena[1]) if arena else 0,
    }


def _microseconds(device: DeviceFolder, codec: Codec, pictures: list[Picture]) -> float:
    """Of one picture's codes."""
    program, outputs = device.path / "speed", device.path / "outputs.bin"
    sources = [str(_SPEED), *(str(device.path / name) for name in ("aec.c", "codec.c"))]
    options = ["-std=c99", "-O3", "-DAEC_ENCODER_ONLY", f"-I{device.path}", "-o", str(program)]
    subprocess.run(["gcc", *options, *sources], check=True)
    planes = Picture(np.concatenate([prepared(codec, device, each) for each in pictures]))
    integers = codec.encoder.encode(planes, codec.encoder.header(planes)).integers
    each = integers.reshape(planes.frames, -1)
    outputs.write_bytes(np.resize(each, (_TIMED, each.shape[1])).tobytes())
    done = subprocess.run([str(program), str(outputs)], check=True, capture_output=True, text=True)
    return float(done.stdout)


def _fuzzed(
    device: DeviceFolder, codec: Codec, pictures: list[Picture], minutes: float
) -> dict[str, int]:
    """How many inputs libFuzzer made and found nothing with; mutated files likewise."""
    program, corpus, mutated = (device.path / each for each in ("fuzz", "corpus", "mutated"))
    sources = [str(_FUZZ), *(str(device.path / name) for name in ("aec.c", "codec.c"))]
    options = ["-std=c99", "-O1", *_SANITIZED, "-fsanitize=fuzzer", f"-I{device.path}"]
    subprocess.run(["clang", *options, "-o", str(program), *sources], check=True)
    level = device.constant("CODEC_LEVEL") / 16
    files = [codec.compress(each, level) for each in pictures]
    for folder in (corpus, mutated):
        folder.mkdir()
    for number, file in enumerate(files[:20]):
        (corpus / str(number)).write_bytes(file)
    for number, file in enumerate(_mutations(files)):
        (mutated / str(number)).write_bytes(file)
    _run_fuzzer(program, mutated, "-runs=0")
    said = _run_fuzzer(program, corpus, f"-max_total_time={60 * minutes:.0f}", "-max_len=200")
    found = re.search(r"Done (\d+) runs", said)
    assert found, said
    return {"mutated_files": _MUTATED, "fuzzed_inputs": int(found[1])}


def _run_fuzzer(program: Path, corpus: Path, *options: str) -> str:
    command = [str(program), "-timeout=10", *options, str(corpus)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=program.parent)
    assert done.returncode == 0, done.stderr
    return done.stderr


def _mutations(files: list[bytes]) -> Iterator[bytes]:
    rng = np.random.default_rng(0)
    for number in range(_MUTATED):
        changed = bytearray(files[number % len(files)])
        for _ in range(rng.integers(1, 4)):
            changed[rng.integers(len(changed))] = rng.integers(256)
        yield bytes(changed[: rng.integers(1, len(changed) + 1)])


if __name__ == "__main__":
    main()
