"""How fast is this version relative to WebP and to imports, and is the last release faster?

Figures are ratios of processor time, so you can compare them between machines, even busy ones. The
reference is Pillow's WebP encoder on a picture with 600x400 pixels. For whole processes, it is a
process that only imports NumPy and Pillow. The reference runs before and after each measurement,
and the median of the ratios counts.

The benchmark compares the ratios with the last version in `benchmarks/results/speed.json`. It
prints a line for each ratio that is over 10 % larger in three of four rounds. To record a release,
write to this file with --json: the row of this version is added or replaced.
"""

from __future__ import annotations

import io
import json
import os
import resource
import subprocess
import tempfile
from argparse import Namespace
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from statistics import median, quantiles

import numpy as np
from PIL import Image

import aecodec
from aecodec import preview
from aecodec.data.samples import sample_paths
from benchmarks.harness import RESULTS, ROOT, Options, Row, machine
from benchmarks.programs.cold_start import commands, environment

Work = Callable[[], object]
Ratios = Mapping[str, list[float]]
"""Ratios of processor time in each round, by names of work."""

_FACTS = ("processor", "python", "numpy", "pillow")
_TOLERANCE = 1.1


def add_arguments(parser: Options) -> None:
    """Add the number of rounds."""
    parser.add_argument("--rounds", type=int, default=7)


def measure(options: Namespace) -> Iterator[Row]:
    """The stored rows of other versions, and a new row for this version."""
    path, facts = RESULTS / "speed.json", machine()
    stored = json.loads(path.read_text("utf-8"))["rows"] if path.exists() else []
    yield from (row for row in stored if row["version"] != facts["aecodec"])
    os.environ["OPENBLAS_NUM_THREADS"] = "1"  # read when NumPy is loaded
    with ProcessPoolExecutor(1, get_context("spawn")) as process:
        ratios = process.submit(_ratios, options.rounds).result()
    row = {"version": facts["aecodec"], **{name: facts[name] for name in _FACTS}}
    yield row | {name: round(median(values), 3) for name, values in ratios.items()}
    for line in comparison(ratios, row, stored[-1]) if stored else ():
        print(line, flush=True)


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


def _ratios(rounds: int) -> Ratios:
    """Measure in a process with one thread on one core, because waiting threads take time, too."""
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:1])
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
    run = partial(subprocess.run, check=True, capture_output=True, env=environment())
    works: dict[str, Work] = {name: partial(run, line) for name, line in commands(folder).items()}
    names = ("compress", "decompress")
    return works["imports"], {f"command_{name}": works[name] for name in names}
