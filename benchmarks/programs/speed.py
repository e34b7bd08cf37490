"""How much processor time does a picture take, and is the last release faster?

With a folder of photographs, the benchmark measures digits, these photographs and a mosaic of them
in memory, and whole processes on the command line. The figures are seconds of processor time for
one picture on one core, the least of several rounds.

All other figures are ratios of processor time, so you can compare them between machines, even busy
ones. The reference is Pillow's WebP encoder on a picture with 600x400 pixels. For whole processes,
it is a process that only imports NumPy and Pillow. The reference runs before and after each
measurement, and the median of the ratios counts.

The benchmark compares the ratios with the last version in `benchmarks/results/speed.json`. It
prints a line for each ratio that is over 10 % larger in three of four rounds. To record a release,
write to this file with --json and a folder: all rows of this version are added or replaced.
"""

from __future__ import annotations

import io
import json
import os
import resource
import subprocess
import sys
import tempfile
from argparse import ArgumentParser, Namespace
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from math import isqrt
from multiprocessing import get_context
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import numpy as np
from PIL import Image

import aecodec
from aecodec import preview
from aecodec.arrays import Pixels
from aecodec.data.samples import sample_paths
from aecodec.evaluation.formats import PillowFormat, decode
from aecodec.imaging.picture import without_channel_axis
from benchmarks.harness import RESULTS, ROOT, Row, machine
from benchmarks.pictures import first_pictures, mosaic

Work = Callable[[], object]
Ratios = Mapping[str, list[float]]
"""Ratios of processor time in each round, by names of work."""

_FACTS = ("processor", "python", "numpy", "pillow")
_TOLERANCE = 1.1
_ANCHORS = (
    PillowFormat("JPEG", "JPEG", {"quality": 60}),
    PillowFormat("WebP", "WebP", {"quality": 50, "method": 4}),
    PillowFormat("JPEG XL", "JXL", {"quality": 60, "effort": 7}),
    PillowFormat("AVIF", "AVIF", {"quality": 50, "speed": 6}),
)


def add_arguments(parser: ArgumentParser) -> None:
    """Add the photographs, the megapixels of their mosaics, and the number of rounds."""
    parser.add_argument("data", type=Path, nargs="?", help="a folder of photographs")
    parser.add_argument("--megapixels", type=float, nargs=2, default=(12, 100))
    parser.add_argument("--rounds", type=int, default=7)


def measure(options: Namespace) -> Iterator[Row]:
    """The stored rows of other versions, a new row for this version, and rows of seconds."""
    path, facts = RESULTS / "speed.json", machine()
    rows = json.loads(path.read_text("utf-8"))["rows"] if path.exists() else []
    stored = [row for row in rows if "version" in row]
    yield from (row for row in stored if row["version"] != facts["aecodec"])
    ratios: Ratios = _on_one_core(_ratios, options.rounds)
    row = {"version": facts["aecodec"], **{name: facts[name] for name in _FACTS}}
    yield row | {name: round(median(values), 3) for name, values in ratios.items()}
    for line in comparison(ratios, row, stored[-1]) if stored else ():
        print(line, flush=True)
    if options.data:
        yield from _on_one_core(_times, options.data, *options.megapixels)


def comparison(ratios: Ratios, row: Row, last: Row) -> list[str]:
    """Lines about work that takes over 10 % longer than in the last release, in most rounds."""
    excess = {name: median(ratios[name]) / last[name] for name in ratios if name in last}
    lines = [
        f"slower: {name} takes {factor:.2f} times as long as in {last['version']}"
        for name, factor in excess.items()
        if quantiles(ratios[name], n=4)[0] > _TOLERANCE * last[name]
    ]
    changes = [name for name in _FACTS if row[name] != last[name]]
    note = f"{last['version']} was measured with another {' and '.join(changes)}"
    return [*lines, note] if lines and changes else lines


def _on_one_core(measured: Callable[..., Any], *arguments: object) -> Any:
    """Measure in a process with one thread on one core, because waiting threads take time, too."""
    os.environ["OPENBLAS_NUM_THREADS"] = "1"  # read when NumPy is loaded
    with ProcessPoolExecutor(1, get_context("spawn"), _stay_on_one_core) as process:
        return process.submit(measured, *arguments).result()


def _stay_on_one_core() -> None:
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:1])


def _ratios(rounds: int) -> Ratios:
    ratios = defaultdict[str, list[float]](list)
    with tempfile.TemporaryDirectory() as folder:
        for reference, works in (_works(), _processes(Path(folder))):
            for _ in range(rounds + 1):
                before = _seconds(reference)
                for name, work in works.items():
                    seconds, after = _seconds(work), _seconds(reference)
                    ratios[name].append(2 * seconds / (before + after))
                    before = after
    return {name: values[1:] for name, values in ratios.items()}  # the first round is slower


def _seconds(work: Work) -> float:
    """Processor time of some work and its child processes, in seconds."""
    start = _processor_time()
    work()
    return _processor_time() - start


def _processor_time() -> float:
    usages = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def _works() -> tuple[Work, dict[str, Work]]:
    """The reference, and work in memory."""
    photo, digits = aecodec.load_codec("photo"), aecodec.load_codec("digits")
    picture = Image.open(ROOT / "web" / "coffee.jpg").convert("RGB")
    part = picture.crop((0, 0, 128, 128))
    batch = np.stack([np.asarray(Image.open(path)) for path in sample_paths()] * 50)
    file, stack = photo.compress(picture), digits.compress(batch)
    exact, payload = photo.compress(part, max_error=4), preview.encode(picture, 10)
    return lambda: picture.save(io.BytesIO(), "WebP"), {
        "photo_encode": lambda: photo.compress(picture),
        "photo_decode": lambda: photo.decompress(file),
        "digits_encode": lambda: digits.compress(batch),
        "digits_decode": lambda: digits.decompress_frames(stack),
        "max_error_encode": lambda: photo.compress(part, max_error=4),
        "max_error_decode": lambda: photo.decompress(exact),
        "preview_encode": lambda: preview.encode(picture, 10),
        "preview_decode": lambda: preview.decode(payload),
    }


def _processes(folder: Path) -> tuple[Work, dict[str, Work]]:
    """The reference, and whole processes."""
    works = zip(("compress", "decompress"), _commands(sample_paths()[3], folder), strict=True)
    imports = _process(sys.executable, "-c", "import numpy, PIL.Image")
    return imports, {f"command_{name}": work for name, work in works}


def _commands(picture: Path, folder: Path) -> tuple[Work, Work]:
    """Compress a picture on the command line, and restore it."""
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


def _times(data: Path, megapixels: float, large_megapixels: float) -> list[Row]:
    """Rows of seconds; processes come first, because their memory includes the peak of this one."""
    photo, digits = aecodec.load_codec("photo"), aecodec.load_codec("digits")
    samples = [np.asarray(Image.open(path)) for path in sample_paths()]
    with tempfile.TemporaryDirectory() as folder:
        processes = list(_times_of_processes(data, large_megapixels, Path(folder)))
    side = isqrt(round(1e6 * megapixels))
    large, what = mosaic(data, side), f"{megapixels:g} megapixels"
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
    row = _row(f"{megapixels:g} megapixels, command", _seconds(compress), _seconds(decompress))
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    yield row | {"peak_memory_mib": round(peak / 1024)}


def _times_of(
    what: str,
    pictures: Sequence[Pixels],
    encode: Callable[[Pixels], bytes],
    decode: Callable[[bytes], object],
    rounds: int = 3,
) -> Row:
    """Mean times of pictures."""
    files = [encode(picture) for picture in pictures]
    return _row(
        what,
        _least_seconds(lambda: list(map(encode, pictures)), rounds) / len(pictures),
        _least_seconds(lambda: list(map(decode, files)), rounds) / len(pictures),
    )


def _row(what: str, encode: float, decode: float) -> Row:
    return {"what": what, "encode": round(encode, 6), "decode": round(decode, 6)}


def _least_seconds(work: Work, rounds: int) -> float:
    return min(_seconds(work) for _ in range(rounds))
