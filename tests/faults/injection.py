"""Running `aecodec` with a fault: killed, terminated, interrupted or out of space at a chosen call.

`tests/faults/fault.c` is preloaded, so that writes of all libraries count, HDF5's too.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

FAULTS = Path(__file__).parent
SOURCE, SERVER = FAULTS / "fault.c", FAULTS / "server.py"

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


def built_library(folder: Path | str) -> Path:
    """Compile `fault.c`, and return the path of the library."""
    library = Path(folder, "fault.so")
    command = ["cc", "-O1", "-shared", "-fPIC", "-o", str(library), str(SOURCE), "-ldl"]
    subprocess.run(command, check=True)
    return library


class Runner:
    """Runs commands in forks of one process, which has loaded what they need.

    Args:
        library: `fault.c`, compiled.
        modules: names of the modules to load besides.
    """

    def __init__(self, library: Path, modules: Sequence[str] = ()) -> None:
        self._log, self._err = library.with_name("calls"), library.with_name("err")
        self._server = subprocess.Popen(
            [sys.executable, str(SERVER), *modules],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "LD_PRELOAD": str(library)},
        )

    def __enter__(self) -> Runner:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.__exit__(None, None, None)

    def run(
        self,
        arguments: Sequence[str],
        folder: Path,
        out: Path,
        fault: Fault | None = None,
        unbuffered: bool = False,
    ) -> Run:
        """Run `aecodec` in a folder, whose files are watched, with standard output to a file."""
        self._log.unlink(missing_ok=True)
        variables = {"FAULT_ROOT": str(folder), "FAULT_LOG": str(self._log)}
        variables["PYTHONUNBUFFERED"] = "1" if unbuffered else ""
        if fault:
            variables |= {"FAULT_KIND": fault.kind, "FAULT_AT": str(fault.at)}
        paths = {"folder": str(folder), "out": str(out), "err": str(self._err)}
        request = {"arguments": list(arguments), "variables": variables, **paths}
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        print(json.dumps(request), file=self._server.stdin, flush=True)
        status = int(self._server.stdout.readline())
        calls = self._log.stat().st_size if self._log.exists() else 0
        return Run(status, calls, self._err.read_text(errors="replace"))
