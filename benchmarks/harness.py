"""The rows of figures of benchmarks, and a record of how the rows were measured."""

from __future__ import annotations

import argparse
import json
import os
import platform
import shlex
import subprocess
from collections.abc import Sequence
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"

Row = dict[str, Any]
"""Figures by their names in JSON."""


def run(name: str, module: Any, arguments: Sequence[str]) -> None:
    """Run a benchmark, print each row as a line of JSON, and write all rows to `--json`.

    The file also records the machine, the command, the commit and the start. The module has the
    functions `add_arguments`, for a parser, and `measure`, which yields rows for the options.
    """
    parser = argparse.ArgumentParser(
        f"python -m benchmarks {name}",
        description=module.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write rows and provenance")
    module.add_arguments(parser)
    options = parser.parse_args(arguments)
    rows: list[Row] = []
    record = {
        "machine": machine(),
        "command": shlex.join(["python", "-m", "benchmarks", name, *arguments]),
        "commit": _git("rev-parse", "HEAD"),
        "dirty": bool(_git("diff", "--stat", "HEAD", "--", ".", ":!benchmarks/results")),
        "date": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "rows": rows,
    }
    for row in module.measure(options):
        print(json.dumps(row), flush=True)
        rows.append(row)
    if options.json:
        options.json.write_text(json.dumps(record, indent=1) + "\n", "utf-8")


def _git(*arguments: str) -> str | None:
    """Output of a git command in the repository; None if it fails."""
    command = ["git", "-C", str(ROOT), *arguments]
    try:
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None


def machine() -> dict[str, Any]:
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "system": platform.platform(),
        "python": platform.python_version(),
        **{name: version(name) for name in ("aecodec", "numpy", "pillow")},
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line.split(": ")[1] for line in lines if line.startswith("model name")), "")
