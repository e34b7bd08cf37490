"""The harness lists the benchmarks, and its rows come with what produced them."""

from __future__ import annotations

import hashlib
import json
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from benchmarks import __main__ as command_line
from benchmarks import harness
from benchmarks.harness import Options, Row


def _add_arguments(parser: Options) -> None:
    parser.add_data()
    parser.add_codec("digits")
    parser.add_argument("--rows", type=int, default=2)


def _measure(options: Namespace) -> Iterator[Row]:
    yield from ({"row": number, "half": number / 2} for number in range(options.rows))


COUNTING = SimpleNamespace(__doc__="How many rows?", add_arguments=_add_arguments, measure=_measure)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A folder of two files, one in a folder of its own."""
    folder = tmp_path / "data"
    (folder / "inner").mkdir(parents=True)
    (folder / "b.bin").write_bytes(b"b")
    (folder / "inner" / "a.bin").write_bytes(b"a")
    return folder


def test_rows_come_with_command_commit_data_and_machine(data: Path, tmp_path: Path) -> None:
    file = tmp_path / "results.json"
    arguments = [str(data), "--rows", "3", "--json", str(file)]
    results = harness.run("counting", COUNTING, arguments)
    stored = json.loads(file.read_text("utf-8"))
    assert stored["rows"] == [{"row": n, "half": n / 2} for n in range(3)]
    assert stored["command"] == f"python -m benchmarks counting {' '.join(arguments)}"
    assert (stored["commit"], stored["dirty"]) == harness.git_state()
    assert stored["data"] == {str(data): harness.sha256_of(data)}
    assert {"processor", "cores", "python", "numpy"} <= set(stored["machine"])
    assert stored["date"].endswith("+00:00")
    assert harness.read_results(file) == results


def test_a_folders_hash_is_that_of_what_sha256sum_prints(data: Path) -> None:
    lines = "".join(
        f"{hashlib.sha256(name[-5:-4].encode()).hexdigest()}  {name}\n"
        for name in ("b.bin", "inner/a.bin")
    )
    assert harness.sha256_of(data) == hashlib.sha256(lines.encode()).hexdigest()
    assert harness.sha256_of(data / "b.bin") == hashlib.sha256(b"b").hexdigest()


def test_the_listing_has_one_line_per_benchmark(capsys: pytest.CaptureFixture[str]) -> None:
    assert command_line.main([]) == 0
    lines = capsys.readouterr().out.splitlines()
    for name, file in command_line.benchmarks().items():
        [line] = [line for line in lines if line.split()[1:2] == [name]]
        assert line.endswith(command_line.question(file))
        assert line.endswith("?")
