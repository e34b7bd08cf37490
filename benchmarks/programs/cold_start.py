"""How long does one digit take as a whole process, compared with the imports that all codecs need?

The command line on one sample digit, against a process that only imports NumPy and Pillow.
All commands run by turns; the median of each is given.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from argparse import Namespace
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from aecodec.data.samples import sample_paths
from benchmarks.harness import Options, Row

_IMPORTS = "import numpy, PIL.Image"


def add_arguments(parser: Options) -> None:
    """Add the number of rounds."""
    parser.add_argument("--rounds", type=int, default=30)


def measure(options: Namespace) -> Iterator[Row]:
    """One row per command."""
    with tempfile.TemporaryDirectory() as folder:
        seconds = _median_seconds(commands(Path(folder)), options.rounds)
    for name, median in seconds.items():
        times_imports = round(median / seconds["imports"], 3)
        yield {"command": name, "seconds": round(median, 4), "times_imports": times_imports}


def commands(folder: Path) -> dict[str, list[str]]:
    """The measured commands by their names; the first is the reference."""
    aecodec = str(Path(sys.executable).with_name("aecodec"))
    file = str(folder / "digit.aec")
    compress = [aecodec, "compress", str(sample_paths()[3]), "-o", file, "--force"]
    subprocess.run(compress, check=True, capture_output=True)
    return {
        "imports": [sys.executable, "-c", _IMPORTS],
        "compress": compress,
        "decompress": [aecodec, "decompress", file, "-o", str(folder / "digit.png"), "--force"],
        "info": [aecodec, "info", file],
        "verify": [aecodec, "verify", file],
    }


def _median_seconds(commands: Mapping[str, Sequence[str]], rounds: int) -> dict[str, float]:
    """Median time of each command; a first round is not counted."""
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(rounds + 1):
        for name, command in commands.items():
            start = time.perf_counter()
            subprocess.run(command, check=True, capture_output=True, env=environment())
            seconds[name].append(time.perf_counter() - start)
    return {name: statistics.median(times[1:]) for name, times in seconds.items()}


def environment() -> dict[str, str]:
    """The environment, without a variable that lets editable installs compile at each start."""
    return {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
