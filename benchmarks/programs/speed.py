"""How much processor time does a picture take?

The benchmark measures digits, a folder of photographs and a mosaic of them in memory, and whole
processes on the command line. The figures are seconds of processor time for one picture on one
core, from the fastest of several rounds. Pillow's encoders show how fast the machine is.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from math import isqrt
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from PIL import Image

import aecodec
from aecodec.base.arrays import Pixels
from aecodec.data.samples import sample_paths
from aecodec.evaluation.formats import PillowFormat, decode
from aecodec.imaging.picture import without_channel_axis
from benchmarks.harness import Row
from benchmarks.pictures import first_pictures, mosaic

Work = Callable[[], object]

_ANCHORS = (
    PillowFormat("JPEG", "JPEG", {"quality": 60}),
    PillowFormat("WebP", "WebP", {"quality": 50, "method": 4}),
    PillowFormat("JPEG XL", "JXL", {"quality": 60, "effort": 7}),
    PillowFormat("AVIF", "AVIF", {"quality": 50, "speed": 6}),
)


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("data", type=Path, help="a folder of photographs")
    parser.add_argument("--megapixels", type=float, nargs=2, default=(12, 100))


def measure(options: Namespace) -> Iterator[Row]:
    """One row per kind of picture, in a process with one thread on one core."""
    os.environ["OPENBLAS_NUM_THREADS"] = "1"  # waiting threads take time; read by NumPy
    with ProcessPoolExecutor(1, get_context("spawn"), _stay_on_one_core) as process:
        yield from process.submit(_times, options.data, *options.megapixels).result()


def _stay_on_one_core() -> None:
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:1])


def _times(data: Path, megapixels: float, large_megapixels: float) -> list[Row]:
    """Rows of seconds; processes come first, because their memory includes the peak of this one."""
    photo, digits = aecodec.load_codec("photo"), aecodec.load_codec("digits")
    samples = [np.asarray(Image.open(path)) for path in sample_paths()]
    with tempfile.TemporaryDirectory() as folder:
        processes = list(_times_of_processes(data, large_megapixels, Path(folder)))
    large, what = mosaic(data, isqrt(round(1e6 * megapixels))), f"{megapixels:g} megapixels"
    photographs = [without_channel_axis(p.pixels[0]) for p in first_pictures(data, 24)]
    return [
        *processes,
        _times_of("a digit", samples, digits.compress, digits.decompress_array, rounds=50),
        _times_of("500 digits", [np.stack(samples * 50)], digits.compress, digits.decompress_array),
        _times_of("a photograph", photographs, photo.compress, photo.decompress_array),
        _times_of(what, [large], photo.compress, photo.decompress_array),
        *(
            _times_of(
                f"{what}, {anchor.title}", [large], anchor.encode, partial(decode, original=large)
            )
            for anchor in _ANCHORS
        ),
    ]


def _times_of_processes(data: Path, megapixels: float, folder: Path) -> Iterator[Row]:
    """Times of the command line; the last row has the peak of memory of its larger process."""
    compress, decompress = _commands(sample_paths()[3], folder)
    yield _row("a digit, command", _least_seconds(compress, 10), _least_seconds(decompress, 10))
    picture = folder / "large.png"
    Image.fromarray(mosaic(data, isqrt(round(1e6 * megapixels)))).save(picture, compress_level=1)
    compress, decompress = _commands(picture, folder)
    what = f"{megapixels:g} megapixels, command"
    row = _row(what, _least_seconds(compress, 1), _least_seconds(decompress, 1))
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    yield row | {"peak_memory_mib": round(peak / 1024)}


def _commands(picture: Path, folder: Path) -> tuple[Work, Work]:
    aecodec, file = str(Path(sys.executable).with_name("aecodec")), str(folder / "picture.aec")
    restored = str(folder / "restored.png")
    return (
        _process(aecodec, "compress", str(picture), "-o", file, "--force"),
        _process(aecodec, "decompress", file, "-o", restored, "--force"),
    )


def _process(*command: str) -> Work:
    """A process, without a variable that lets editable installs compile at each start."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    return partial(subprocess.run, command, check=True, capture_output=True, env=environment)


def _times_of(
    what: str,
    pictures: Sequence[Pixels],
    encode: Callable[[Pixels], bytes],
    decode: Callable[[bytes], object],
    rounds: int = 3,
) -> Row:
    files = [encode(picture) for picture in pictures]
    return _row(
        what,
        _least_seconds(lambda: list(map(encode, pictures)), rounds) / len(pictures),
        _least_seconds(lambda: list(map(decode, files)), rounds) / len(pictures),
    )


def _row(what: str, encode: float, decode: float) -> Row:
    return {"what": what, "encode": round(encode, 6), "decode": round(decode, 6)}


def _least_seconds(work: Work, rounds: int) -> float:
    """Processor time of some work and its child processes, in seconds."""
    times = []
    for _ in range(rounds):
        start = _processor_time()
        work()
        times.append(_processor_time() - start)
    return min(times)


def _processor_time() -> float:
    usages = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)
