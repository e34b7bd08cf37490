"""The harness lists the benchmarks, and its rows come with what produced them."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
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


def test_rows_are_printed_as_lines_of_json(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    harness.run("counting", COUNTING, [str(data)])
    lines = capsys.readouterr().out.splitlines()
    assert [json.loads(line) for line in lines] == [{"row": 0, "half": 0}, {"row": 1, "half": 0.5}]


def test_a_folders_hash_is_that_of_what_sha256sum_prints(data: Path) -> None:
    lines = "".join(
        f"{hashlib.sha256(name[-5:-4].encode()).hexdigest()}  {name}\n"
        for name in ("b.bin", "inner/a.bin")
    )
    assert harness.sha256_of(data) == hashlib.sha256(lines.encode()).hexdigest()
    assert harness.sha256_of(data / "b.bin") == hashlib.sha256(b"b").hexdigest()


def _git(folder: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=Test", "-c", "user.email=test@localhost")
    command = ["git", "-C", str(folder), *identity, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def test_the_state_of_git_is_its_commit_and_whether_files_differ(tmp_path: Path) -> None:
    assert harness.git_state(tmp_path) == (None, None)
    (tmp_path / "benchmarks" / "results").mkdir(parents=True)
    code, results = tmp_path / "code.py", tmp_path / "benchmarks" / "results" / "one.json"
    for path in (code, results):
        path.write_text("1")
    _git(tmp_path, "init")
    _git(tmp_path, "add", ".")
    _git(tmp_path, "commit", "--message", "first")
    commit = _git(tmp_path, "rev-parse", "HEAD")
    results.write_text("2")
    assert harness.git_state(tmp_path) == (commit, False)
    code.write_text("2")
    assert harness.git_state(tmp_path) == (commit, True)


def test_the_listing_has_one_line_per_benchmark(capsys: pytest.CaptureFixture[str]) -> None:
    assert command_line.main([]) == 0
    lines = capsys.readouterr().out.splitlines()
    for name, file in command_line.benchmarks().items():
        [line] = [line for line in lines if line.split()[1:2] == [name]]
        assert line.endswith(command_line.question(file))
        assert line.endswith("?")


def test_an_unknown_name_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert command_line.main(["nonsense"]) == 2
    assert "no benchmark 'nonsense'" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["cold_start", "rate_distortion"])
def test_a_benchmark_explains_its_options(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        command_line.main([name, "--help"])
    assert f"usage: python -m benchmarks {name}" in capsys.readouterr().out


def test_the_command_line_runs_a_benchmark(tmp_path: Path) -> None:
    file = tmp_path / "cold_start.json"
    command = [sys.executable, "-m", "benchmarks", "cold_start", "--rounds", "1", "--json"]
    subprocess.run([*command, str(file)], check=True, cwd=harness.ROOT, capture_output=True)
    results = harness.read_results(file)
    assert [row["command"] for row in results.rows][:2] == ["imports", "compress"]
    assert results.command == f"python -m benchmarks cold_start --rounds 1 --json {file}"
