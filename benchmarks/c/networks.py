"""How fast do the networks run in C, with which kernels?

The networks of the codecs that ship, on one core: a window of `photo`, and a digit. Each is
compiled by gcc at -O3 with the kernels that this machine has: the best, AVX2 at most, and plain C.
The time is that of the fastest of many rounds.
"""

from __future__ import annotations

import platform
import subprocess
import tempfile
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path

import aecodec
from aecodec.codec_files.file_names import Half
from aecodec.data.c_sources import c_sources
from aecodec.network.convert import network_plan
from benchmarks.harness import Options, Row

_SOURCES = c_sources("core")
_PROGRAM = Path(__file__).with_name("network_speed.c")
_BUILDS = {"best": (), "AVX2": ("-DAECODEC_NO_AVX512",), "plain C": ("-DAECODEC_PORTABLE",)}
_WINDOW = 12
"""Tiles of a side."""


def add_arguments(parser: Options) -> None:
    """Add the number of rounds."""
    parser.add_argument("--rounds", type=int, default=200)


def measure(options: Namespace) -> Iterator[Row]:
    """One row per network and kind of kernels."""
    with tempfile.TemporaryDirectory() as folder:
        programs = [_built(Path(folder, name), flags) for name, flags in _builds()]
        for codec in ("photo", "digits"):
            for half in Half:
                plan, size = _plan_of(codec, half)
                path = Path(folder, "plan")
                path.write_bytes(plan)
                for program in programs:
                    kernels, ms = _run(program, path, size, options.rounds)
                    about = {"codec": codec, "half": half.value, "kernels": kernels}
                    yield {**about, "ms": round(ms, 4), "rate": _rate(codec, ms)}


def _builds() -> Iterator[tuple[str, tuple[str, ...]]]:
    is_x86 = platform.machine() in ("x86_64", "AMD64")
    yield from ((name, flags) for name, flags in _BUILDS.items() if is_x86 or name != "AVX2")


def _built(program: Path, flags: tuple[str, ...]) -> Path:
    sources = [_PROGRAM, *sorted(_SOURCES.glob("aecodec_*.c"))]
    command = ["gcc", "-std=c99", "-O3", *flags, f"-I{_SOURCES}", "-o", program, *sources]
    subprocess.run([str(part) for part in command], check=True)
    return program


def _plan_of(codec: str, half: Half) -> tuple[bytes, tuple[int, int]]:
    """A plan, and rows and columns of its input."""
    folder = aecodec.load_codec(codec).folder
    is_any_size, side = folder.spec.receptive_field > 0, folder.spec.tile[0]
    tiles = _WINDOW if is_any_size else 1
    rows = tiles * side if half is Half.ENCODER else tiles
    return network_plan(folder.read(half.tflite), is_any_size=is_any_size), (rows, rows)


def _run(program: Path, plan: Path, size: tuple[int, int], rounds: int) -> tuple[str, float]:
    """The kernels, and milliseconds."""
    command = [str(program), str(plan), *map(str, size), str(rounds)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    kernels, milliseconds = done.stdout.strip().rsplit(",", 1)
    return kernels, float(milliseconds)


def _rate(codec: str, ms: float) -> str:
    if codec == "digits":
        return f"{1000 / ms:,.0f} digits"
    return f"{(_WINDOW * 16) ** 2 / ms / 1000:.2f} megapixels"
