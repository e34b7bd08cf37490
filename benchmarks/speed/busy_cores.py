"""How long does a photograph take where other programs keep all cores busy?

One process per core does nothing but count. Meanwhile one picture of a folder is compressed and
decompressed, as a whole process by the command line, and in a warm process: with BLAS as it comes,
and with OPENBLAS_NUM_THREADS=1. Both run by turns; the median of each is given, and the ratio.
"""

from __future__ import annotations

import multiprocessing
import os
import statistics
import subprocess
import sys
import tempfile
import time
from argparse import Namespace
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

import aecodec
from aecodec.parallel import cores
from benchmarks.harness import Options, Row, environment_of_starts

_BLAS_THREADS = "OPENBLAS_NUM_THREADS"
_SETTINGS: tuple[str | None, str] = (None, "1")
_BUSY = "while True: pass"
_WARM_ROUNDS = 5
"""Pictures in a warm process for each whole one."""

Seconds = dict[str, float]
"""Time of each command."""


def add_arguments(parser: Options) -> None:
    """Add the data, the codec and the number of rounds."""
    parser.add_data(help="a picture, or a folder whose first picture is taken")
    parser.add_codec("photo")
    parser.add_argument("--rounds", type=int, default=15)


def measure(options: Namespace) -> Iterator[Row]:
    """One row per way and command."""
    picture = options.data if options.data.is_file() else min(options.data.iterdir())
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        ways = [
            ("a whole process", partial(_whole_process, picture, options.codec, folder)),
            ("a warm process", stack.enter_context(_warm_processes(picture, options.codec))),
        ]
        stack.enter_context(_busy_processes())
        for way, run in ways:
            yield from _rows(way, run, options.rounds)


def _rows(way: str, run: Callable[[str | None], Seconds], rounds: int) -> Iterator[Row]:
    """The commands of one way, with both settings by turns; a first round is not counted."""
    rounds_of: dict[str | None, list[Seconds]] = {setting: [] for setting in _SETTINGS}
    for _ in range(rounds + 1):
        for setting, seconds in rounds_of.items():
            seconds.append(run(setting))
    for command in ("compress", "decompress"):
        unset, one = (
            statistics.median(each[command] for each in rounds_of[setting][1:])
            for setting in _SETTINGS
        )
        yield {
            "what": f"{command}, {way}",
            "seconds": round(unset, 4),
            "seconds_with_one_blas_thread": round(one, 4),
            "ratio": round(unset / one, 2),
        }


def _whole_process(picture: Path, codec: str, folder: Path, setting: str | None) -> Seconds:
    file, restored = folder / "picture.aec", folder / "restored.png"
    return {
        "compress": _command(setting, "compress", picture, "-o", file, "--codec", codec),
        "decompress": _command(setting, "decompress", file, "-o", restored, "--codec", codec),
    }


def _command(setting: str | None, *arguments: object) -> float:
    command = [sys.executable, "-m", "aecodec", *map(str, arguments), "--force"]
    with _blas_threads(setting):
        start = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True, env=environment_of_starts())
        return time.perf_counter() - start


@contextmanager
def _warm_processes(picture: Path, codec: str) -> Iterator[Callable[[str | None], Seconds]]:
    """A warm process for each setting."""
    spawn, pools = multiprocessing.get_context("spawn"), {}
    with ExitStack() as stack:
        for setting in _SETTINGS:
            pools[setting] = stack.enter_context(ProcessPoolExecutor(1, spawn))
            with _blas_threads(setting):
                pools[setting].submit(_warm, picture, codec).result()
        yield lambda setting: pools[setting].submit(_warm, picture, codec).result()


@contextmanager
def _blas_threads(setting: str | None) -> Iterator[None]:
    """Set the variable for processes that start meanwhile; it is read when NumPy is loaded."""
    before = os.environ.pop(_BLAS_THREADS, None)
    if setting:
        os.environ[_BLAS_THREADS] = setting
    try:
        yield
    finally:
        os.environ.pop(_BLAS_THREADS, None)
        if before:
            os.environ[_BLAS_THREADS] = before


def _warm(picture: Path, name: str) -> Seconds:
    """Medians in this process."""
    codec, seconds = aecodec.load_codec(name), []
    for _ in range(_WARM_ROUNDS):
        start = time.perf_counter()
        data = codec.compress(picture)
        middle = time.perf_counter()
        codec.decompress(data)
        seconds.append((middle - start, time.perf_counter() - middle))
    compress, decompress = map(statistics.median, zip(*seconds, strict=True))
    return {"compress": compress, "decompress": decompress}


@contextmanager
def _busy_processes() -> Iterator[None]:
    """One busy process per core."""
    busy = [subprocess.Popen([sys.executable, "-c", _BUSY]) for _ in range(cores())]
    try:
        yield
    finally:
        for process in busy:
            process.kill()
            process.wait()
