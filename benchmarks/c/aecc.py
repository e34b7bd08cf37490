"""How fast is the command `aecc`, and how much memory does it take?

The pictures of a folder are laid side by side to one of --megapixels, and the digits of an array to
frames. Seconds are those of the processor, of one process from its start to its end; the least of
three.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from argparse import Namespace
from collections.abc import Iterator
from dataclasses import dataclass
from math import isqrt
from pathlib import Path

import numpy as np

from aecodec import load_codec
from aecodec.arrays import Pixels
from aecodec.export.device.pnm import as_pnm
from benchmarks.c_codec import build, bundle_of
from benchmarks.harness import Options, Row
from benchmarks.pictures import mnist, mosaic

_ROUNDS = 3
_BUILDS = {"widest": (), "plain C": ("-DCMAKE_C_FLAGS=-DAECODEC_PORTABLE",)}


def add_arguments(parser: Options) -> None:
    """Add the photographs, the digits, and how many."""
    parser.add_data("photographs")
    parser.add_data("digits")
    parser.add_argument("--megapixels", type=float, default=12)
    parser.add_argument("--frames", type=int, default=10000)


def measure(options: Namespace) -> Iterator[Row]:
    """One row for each codec, direction and build."""
    side = isqrt(round(options.megapixels * 1e6))
    pictures = {
        "photo": mosaic(options.photographs, side)[None],
        "digits": mnist(options.digits)[1][: options.frames, ..., None],
    }
    for kernels, settings in _BUILDS.items():
        with tempfile.TemporaryDirectory() as folder:
            build(Path(folder), settings)
            for name, pixels in pictures.items():
                yield from _rows(Path(folder), name, pixels, kernels)


def _rows(folder: Path, name: str, pixels: Pixels, kernels: str) -> Iterator[Row]:
    bundle, picture, file = (folder / name_ for name_ in ("x.bundle", "x.pnm", "x.aec"))
    bundle.write_bytes(bundle_of(load_codec(name).folder))
    picture.write_bytes(b"".join(map(as_pnm, pixels)))
    for command, source, made in (("compress", picture, file), ("decompress", file, picture)):
        arguments = [command, str(source), "-o", str(made), "--force", "--bundle", str(bundle)]
        runs = [_run([str(folder / "aecc"), *arguments]) for _ in range(_ROUNDS)]
        seconds = min(run.seconds for run in runs)
        yield {
            "codec": name,
            "command": command,
            "kernels": kernels,
            "megapixels_per_second": round(np.prod(pixels.shape[:3]) / seconds / 1e6, 2),
            "pictures_per_second": round(len(pixels) / seconds) if name == "digits" else None,
            "peak_mib": round(max(run.peak_mib for run in runs)),
        }


_MEASURED = """
import os, subprocess, sys
process = subprocess.Popen(sys.argv[1:])
_, status, usage = os.wait4(process.pid, 0)
print(status, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)
"""
"""A program of its own, as a process begins with the memory of the one that starts it."""


@dataclass(frozen=True)
class _Run:
    """What a process took."""

    seconds: float
    peak_mib: float


def _run(command: list[str]) -> _Run:
    measured = [sys.executable, "-S", "-c", _MEASURED, *command]
    done = subprocess.run(measured, capture_output=True, text=True, check=True)
    status, seconds, peak = done.stdout.split()
    assert status == "0", command
    return _Run(float(seconds), float(peak))
