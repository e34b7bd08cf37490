"""How many digits a second does a loader get from one file of 60,000?

`aecodec.frames` reads a stack in order, in batches, in shuffled batches and one by one, as decoded
pictures and as codes. Rates are by the clock, and by the time of all cores together while they were
at work, which other programs on the machine do not change.
"""

from __future__ import annotations

import tempfile
import time
from argparse import Namespace
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

import aecodec
from aecodec.sequences.frames import FrameSequence
from benchmarks.harness import Options, Row
from benchmarks.pictures import mnist

_ONE_BY_ONE = 2000
"""Frames that are read one by one, and files of one digit each."""


def add_arguments(parser: Options) -> None:
    """Add the data, the number of digits, the size of batches and the levels."""
    parser.add_data(help="mnist.npz")
    parser.add_limit(60_000)
    parser.add_argument("--batch", type=int, default=256, help="digits in a batch")
    parser.add_argument("--levels", type=int, nargs="+", default=[1, 2, 3])


def measure(options: Namespace) -> Iterator[Row]:
    """For each level, one row per way to read."""
    digits = mnist(options.data)[0][: options.limit]
    with tempfile.TemporaryDirectory() as folder:
        for level in options.levels:
            path = Path(folder, f"{level}.aec")
            size = path.write_bytes(aecodec.compress(digits, "digits", level=level))
            for row in _of_file(path, options.batch):
                yield {"level": level, "digits": len(digits), "bytes": size, **row}
        files = _files(Path(folder, "files"), digits[:_ONE_BY_ONE])
        frames = aecodec.frames(files)
        yield {
            "digits": len(frames),
            **_rate("folder, in order", len(frames), lambda: list(frames)),
        }


def _of_file(path: Path, batch: int) -> Iterator[Row]:
    yield _rate("open, and the first digit", 1, lambda: aecodec.frames(path)[0])
    frames = aecodec.frames(path)
    count, shuffled = len(frames), np.random.default_rng(0).permutation(len(frames))
    yield _rate("codes", count, lambda: frames.codes[:])
    yield _rate("in order", count, lambda: sum(1 for _ in frames))
    yield _rate("batches", count, lambda: _batches(frames, np.arange(count), batch))
    yield _rate("shuffled batches", count, lambda: _batches(frames, shuffled, batch))
    some = shuffled[:_ONE_BY_ONE]
    yield _rate("shuffled, one by one", len(some), lambda: [frames[n] for n in some])


def _batches(frames: FrameSequence, order: np.ndarray, batch: int) -> None:
    for start in range(0, len(order), batch):
        frames[order[start : start + batch]]


def _files(folder: Path, digits: np.ndarray) -> Path:
    """A folder with a file for each digit."""
    folder.mkdir()
    for number, digit in enumerate(digits):
        (folder / f"{number:05}.aec").write_bytes(aecodec.compress(digit))
    return folder


def _rate(way: str, count: int, work: Callable[[], object]) -> Row:
    clock, cores = time.perf_counter(), time.process_time()
    work()
    seconds, core_seconds = time.perf_counter() - clock, time.process_time() - cores
    return {
        "way": way,
        "seconds": round(seconds, 3),
        "core_seconds": round(core_seconds, 3),
        "per_second": round(count / seconds),
        "per_core_second": round(count / core_seconds),
    }
