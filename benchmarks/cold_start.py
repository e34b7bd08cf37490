"""How long does one digit take, the whole process, against importing what any codec needs?

python -m benchmarks.cold_start [--rounds 30] [--json FILE]
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from aecodec.samples import sample_paths
from benchmarks.rows import write_rows

_IMPORTS = "import numpy, PIL.Image, ai_edge_litert.interpreter"

_NO_BYTECODE = "PYTHONDONTWRITEBYTECODE"
"""Where it is set, as in containers, an editable install would be compiled anew each time."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        rows = measure(_commands(Path(folder)), options.rounds)
    for row in rows:
        print(f"{row['command']:<12} {row['seconds']:.3f} s  {row['times_imports']:.2f} x imports")
    write_rows(options.json, rows)


def _commands(folder: Path) -> dict[str, list[str]]:
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


def measure(commands: dict[str, list[str]], rounds: int) -> list[dict[str, object]]:
    """Run all commands by turns; the median of each."""
    environment = {name: value for name, value in os.environ.items() if name != _NO_BYTECODE}
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(rounds + 1):
        for name, command in commands.items():
            start = time.perf_counter()
            subprocess.run(command, check=True, capture_output=True, env=environment)
            seconds[name].append(time.perf_counter() - start)
    medians = {name: statistics.median(times[1:]) for name, times in seconds.items()}
    return [
        {
            "command": name,
            "seconds": round(median, 4),
            "times_imports": round(median / medians["imports"], 3),
        }
        for name, median in medians.items()
    ]


if __name__ == "__main__":
    main()
