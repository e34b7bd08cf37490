"""Running `aecodec` with a fault: killed, terminated, interrupted or out of space at a chosen call.

`tests/faults/fault.c` is preloaded, so that writes of all libraries count, HDF5's too.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

SOURCE = Path(__file__).parents[1] / "faults" / "fault.c"

KINDS = ("kill", "late", "term", "int", "full")
"""What happens; `fault.c` explains each."""


@dataclass(frozen=True)
class Fault:
    """A fault of one run.

    Attributes:
        kind: one of :data:`KINDS`.
        at: number of the call that it happens at, from 1.
    """

    kind: str
    at: int


@dataclass(frozen=True)
class Run:
    """What came of a run.

    Attributes:
        status: exit status; negative for death by a signal.
        calls: number of calls that were counted.
        err: standard error.
    """

    status: int
    calls: int
    err: str


def built_library(folder: Path) -> Path:
    """Compile `fault.c`, and return the path of the library."""
    library = folder / "fault.so"
    command = ["cc", "-O1", "-shared", "-fPIC", "-o", str(library), str(SOURCE), "-ldl"]
    subprocess.run(command, check=True)
    return library


def run_with(
    library: Path,
    arguments: Sequence[str],
    folder: Path,
    out: Path,
    fault: Fault | None = None,
    unbuffered: bool = False,
) -> Run:
    """Run `aecodec` in a folder, whose files are watched, with standard output to a file."""
    log = library.with_name("calls")
    log.unlink(missing_ok=True)
    variables = {"LD_PRELOAD": str(library), "FAULT_ROOT": str(folder), "FAULT_LOG": str(log)}
    variables["PYTHONUNBUFFERED"] = "1" if unbuffered else ""
    if fault:
        variables |= {"FAULT_KIND": fault.kind, "FAULT_AT": str(fault.at)}
    with out.open("wb") as stdout:
        done = subprocess.run(
            [sys.executable, "-m", "aecodec", *arguments],
            cwd=folder,
            env={**os.environ, **variables},
            stdout=stdout,
            stderr=subprocess.PIPE,
            check=False,
        )
    calls = log.stat().st_size if log.exists() else 0
    return Run(done.returncode, calls, done.stderr.decode(errors="replace"))
