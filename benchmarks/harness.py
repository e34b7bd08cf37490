"""The harness of all benchmarks: their options, their rows of figures, and what gave them."""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import shlex
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path
from typing import Any, Protocol

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"

Row = dict[str, Any]
"""Figures by name, as JSON has them."""

_PACKAGES = ("aecodec", "numpy", "pillow", "ai-edge-litert", "constriction")


class Options(argparse.ArgumentParser):
    """Parser of a benchmark's options, which knows which of them name data to read.

    Args:
        name: name of the benchmark.
        description: text of its help.
    """

    def __init__(self, name: str, description: str | None) -> None:
        super().__init__(
            prog=f"python -m benchmarks {name}",
            description=description,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        self._read: list[str] = []
        self.add_argument(
            "--json", type=Path, metavar="FILE", help="write the rows and their provenance here"
        )

    def add_data(self, name: str = "data", **settings: Any) -> None:
        """Add a positional argument: a file or a folder that the benchmark reads.

        Args:
            name: name of the argument.
            settings: further settings, as `add_argument` takes them.
        """
        self._read.append(name)
        self.add_argument(name, type=Path, **settings)

    def add_codec(self, default: str) -> None:
        """Add `--codec`, which names a codec or its folder."""
        self._read.append("codec")
        self.add_argument("--codec", default=default, metavar="NAME|DIR")

    def add_limit(self, default: int = 1000) -> None:
        """Add `--limit`, the number of pictures to measure."""
        self.add_argument("--limit", type=int, default=default, help="number of pictures, at most")

    def data_read(self, options: argparse.Namespace) -> list[Path]:
        """The files and folders that these options name; codecs that ship belong to the commit."""
        values = (getattr(options, name) for name in self._read)
        paths = (Path(path) for path in values if path is not None)
        return [path for path in paths if path.exists()]


class Benchmark(Protocol):
    """Module of a benchmark."""

    __doc__: str | None

    def add_arguments(self, parser: Options) -> None:
        """Add the options of the benchmark."""

    def measure(self, options: argparse.Namespace) -> Iterator[Row]:
        """Measure, and give each row as soon as it is known."""


@dataclass(frozen=True)
class Results:
    """Rows of one run of a benchmark, and what produced them.

    Attributes:
        rows: figures.
        machine: processor, system and versions of packages.
        command: command line of the run; None in old files, as `commit`, `dirty` and `date`.
        commit: git commit of the code; None outside of a git repository.
        dirty: whether files differed from that commit.
        date: start of the run, UTC, as ISO 8601.
        data: SHA-256 of each file or folder that was read, by its path on the command line.
    """

    rows: list[Row]
    machine: dict[str, Any]
    command: str | None = None
    commit: str | None = None
    dirty: bool | None = None
    date: str | None = None
    data: dict[str, str] = field(default_factory=dict)

    def save(self, path: Path) -> None:
        """Write the results as JSON, the rows last."""
        content = asdict(self)
        content["rows"] = content.pop("rows")
        path.write_text(json.dumps(content, indent=1) + "\n", "utf-8")


def read_results(path: Path) -> Results:
    """Read results that :meth:`Results.save` wrote, by this or an earlier version."""
    return Results(**json.loads(path.read_text("utf-8")))


def run(name: str, module: Benchmark, arguments: Sequence[str]) -> Results:
    """Run a benchmark: print each row as a line of JSON, and write all to the file of `--json`.

    Args:
        name: name of the benchmark.
        module: its module.
        arguments: command line after the name.
    """
    parser = Options(name, module.__doc__)
    module.add_arguments(parser)
    options = parser.parse_args(arguments)
    data = {str(path): sha256_of(path) for path in parser.data_read(options)}
    command = shlex.join(["python", "-m", "benchmarks", name, *arguments])
    commit, dirty, date = *git_state(), datetime.now(timezone.utc).isoformat(timespec="seconds")
    rows = []
    for row in module.measure(options):
        print(json.dumps(row), flush=True)
        rows.append(row)
    results = Results(rows, machine(), command, commit, dirty, date, data)
    if options.json:
        results.save(options.json)
    return results


def least_seconds(work: Callable[[], object], rounds: int) -> float:
    """Shortest time that some work takes in several rounds, in seconds."""
    seconds = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def environment_of_starts() -> dict[str, str]:
    """Environment of processes whose start is measured.

    It is without a variable that containers set, with which an editable install would be compiled
    on each start.
    """
    return {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}


def sha256_of(path: Path) -> str:
    """SHA-256 of a file; for a folder, of the lines that `sha256sum` prints for its files.

    A folder's value is that of `find * -type f | LC_ALL=C sort | xargs sha256sum | sha256sum`, run
    inside it.
    """
    if path.is_file():
        return hashlib.sha256(path.read_bytes()).hexdigest()
    files = sorted(file.relative_to(path).as_posix() for file in path.rglob("*") if file.is_file())
    lines = "".join(f"{sha256_of(path / name)}  {name}\n" for name in files)
    return hashlib.sha256(lines.encode()).hexdigest()


def git_state(root: Path = ROOT) -> tuple[str | None, bool | None]:
    """The commit of a working tree, and whether tracked files differ from it.

    Results count as unchanged: a benchmark that has just written its own does not alter what the
    next one measures.

    Args:
        root: top folder of the working tree.

    Returns:
        Both None if the folder is not the top of a git repository.
    """
    if _git(root, "rev-parse", "--show-prefix") != "":
        return None, None
    commit = _git(root, "rev-parse", "HEAD")
    changed = _git(
        root, "status", "--porcelain", "--untracked-files=no", "--", ".", ":!benchmarks/results"
    )
    return commit, None if changed is None else bool(changed)


def _git(root: Path, *arguments: str) -> str | None:
    """What a git command prints; None if it fails."""
    command = ["git", "-C", str(root), *arguments]
    try:
        done = subprocess.run(command, check=True, capture_output=True, text=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()


def machine() -> dict[str, Any]:
    """The machine and the versions of packages that figures depend on."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "system": platform.platform(),
        "python": platform.python_version(),
        **{name: version(name) for name in _PACKAGES},
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line.split(": ")[1] for line in lines if line.startswith("model name")), "")
