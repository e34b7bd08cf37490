"""The record of a run."""

from __future__ import annotations

import hashlib
import json
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

from benchmarks import harness
from benchmarks.harness import Row


def _add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("data", type=Path)


def _measure(_: Namespace) -> Iterator[Row]:
    yield from ({"row": number} for number in range(3))


COUNTING = SimpleNamespace(__doc__="How many rows?", add_arguments=_add_arguments, measure=_measure)


def test_rows_are_stored_with_command_commit_data_and_machine(tmp_path: Path) -> None:
    data, file = tmp_path / "data", tmp_path / "results.json"
    (data / "inner").mkdir(parents=True)
    for name in ("b.bin", "inner/a.bin"):
        (data / name).write_bytes(b"content")
    arguments = [str(data), "--json", str(file)]
    harness.run("counting", COUNTING, arguments)
    stored = json.loads(file.read_text("utf-8"))
    assert stored["rows"] == [{"row": number} for number in range(3)]
    assert stored["command"] == f"python -m benchmarks counting {' '.join(arguments)}"
    digest = hashlib.sha256(b"content").hexdigest()
    sums = f"{digest}  b.bin\n{digest}  inner/a.bin\n"  # as sha256sum prints them
    assert stored["data"] == {str(data): hashlib.sha256(sums.encode()).hexdigest()}
    assert {"processor", "cores", "python", "numpy"} <= set(stored["machine"])
    assert {"commit", "dirty"} <= set(stored)
    assert stored["date"].endswith("+00:00")
