"""How much time and memory do files take that claim as much as they can?

Whole files whose codes are all 0, so that they have few bytes, are decompressed by the command
line, each in a process of its own: what the default limits just accept, what they refuse, and
growing pictures that `--max-pixels` accepts. What a picture takes beyond the start of the command
is given for each megapixel that the networks compute.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from argparse import Namespace
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from math import isqrt
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

import numpy as np

from aecodec.codec.encoded_picture import EncodedPicture
from aecodec.codec.geometry import claim_of, vector_shape
from aecodec.codec.registry import load_codec
from aecodec.format.container import Header, Mode
from aecodec.format.limits import FREE_FRAMES, FREE_WORK, Claim
from benchmarks.harness import Options, Row

_SIDE = 1440
"""Side of the largest square that the default limits accept of any file, in whole tiles."""

_SMALLEST = Header(b"", Mode.RGB, size=(1, 1))


class Bomb(NamedTuple):
    """A file to decompress, and the options with which that is done."""

    title: str
    codec: str
    header: Header
    options: tuple[str, ...] = ()


BOMBS = (
    Bomb("one pixel", "photo", _SMALLEST),
    Bomb("largest that is computed", "photo", replace(_SMALLEST, size=(_SIDE, _SIDE))),
    Bomb("largest that is enlarged", "photo", replace(_SMALLEST, size=(4096, 4096), reduction=64)),
    Bomb("most pictures", "photo", replace(_SMALLEST, frames=FREE_FRAMES)),
    Bomb("most of 45x45", "photo", replace(_SMALLEST, size=(45, 45), frames=FREE_WORK // 48**2)),
    Bomb("longest row", "photo", replace(_SMALLEST, size=(FREE_WORK // 16, 1))),
    Bomb("largest in tiles", "digits", replace(_SMALLEST, size=(1428, 1428))),
    Bomb("too large", "photo", replace(_SMALLEST, size=(8192, 8192), reduction=64)),
    Bomb("too many", "photo", replace(_SMALLEST, frames=16384)),
)


def add_arguments(parser: Options) -> None:
    """Add the sizes of the growing pictures."""
    parser.add_argument("--megapixels", type=float, nargs="*", default=[1, 4, 16])


def measure(options: Namespace) -> Iterator[Row]:
    """One row per file; the first one is what the start of the command takes."""
    start = 0.0
    with tempfile.TemporaryDirectory() as folder:
        for number, bomb in enumerate([*BOMBS, *_growing(options.megapixels)]):
            row = _row(bomb, Path(folder, f"{number}.aec"), start)
            start = start or row["cpu_seconds"]
            yield row


def _growing(megapixels: Sequence[float]) -> Iterator[Bomb]:
    for size in megapixels:
        side = isqrt(round(1e6 * size))
        header = replace(_SMALLEST, size=(side, side))
        accepting = ("--max-pixels", str(side * side))
        yield Bomb(f"{size:g} megapixels, accepted", "photo", header, accepting)


def _row(bomb: Bomb, file: Path, start: float) -> Row:
    claim = _written(bomb, file)
    status, seconds, memory = _decompress(file, bomb.options)
    row = {
        "file": bomb.title,
        "bytes": claim.file_size,
        "pictures": claim.frames,
        "megapixels": round(claim.pixels / 1e6, 3),
        "computed_megapixels": round(claim.computed / 1e6, 3),
        "exit_status": status,
        "cpu_seconds": round(seconds, 2),
        "peak_memory_mib": memory,
    }
    if not status and claim.computed > 1e6:
        rate = (seconds - start) / claim.computed * 1e6
        row["cpu_seconds_per_computed_megapixel"] = round(rate, 3)
    return row


def _written(bomb: Bomb, file: Path) -> Claim:
    """Write a file in a process of its own: memory of this one counts for those that follow."""
    with ProcessPoolExecutor(1, get_context("spawn")) as process:
        return process.submit(_write, bomb, file).result()


def _write(bomb: Bomb, file: Path) -> Claim:
    codec = load_codec(bomb.codec)
    header = replace(bomb.header, codec_id=codec.spec.codec_id)
    shape = (*vector_shape(codec.spec, header), codec.spec.latent_channels)
    content = EncodedPicture(codec.folder, header, np.zeros(shape, np.int8)).to_bytes(1)
    file.write_bytes(content)
    return claim_of(codec.spec, header, len(content))


def _decompress(file: Path, options: Sequence[str]) -> tuple[int, float, int]:
    """Exit status, CPU seconds, and peak of memory in MiB."""
    command = [sys.executable, "-m", "aecodec", "decompress", str(file), "--quiet", *options]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, used.ru_utime + used.ru_stime, round(used.ru_maxrss / 1024)
