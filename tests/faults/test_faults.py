"""Whatever happens at a write or a rename, results are whole, and the command can be repeated.

`fault.c` is preloaded, so that writes of all libraries count. After a fault, each result under its
final name must be the old one, the new one, or absent; the exit status is 0 only with the new one;
only SIGKILL leaves temporary files; and the same command, repeated, makes the new result.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from helpers.programs import needs
from PIL import Image

import aecodec
from aecodec.data.samples import sample_paths

KINDS = ("kill", "term", "full")

Result = dict[str, bytes]
"""Files of a result by their paths within it; empty if there is no result."""


class Scenario(NamedTuple):
    """A command.

    Attributes:
        arguments: arguments of `aecodec`; the last is the file or the folder that it makes.
        prepare: fills the folder in which it runs.
        is_of_files: whether the files of its folder appear one by one.
    """

    arguments: tuple[str, ...]
    prepare: Callable[[Path], None] = lambda folder: None
    is_of_files: bool = False


def digits(folder: Path) -> None:
    (folder / "scans").mkdir()
    for path in sample_paths()[:3]:
        shutil.copy(path, folder / "scans")
    pictures = np.stack([np.asarray(Image.open(path)) for path in sample_paths()[:3]])
    (folder / "stack.aec").write_bytes(aecodec.compress(pictures))


def digits_and_old(folder: Path) -> None:
    digits(folder)
    (folder / "a.aec").write_bytes(b"old")
    for name in ("1.png", "9.png", "notes.txt", "encoder.tflite"):
        path = folder / "out" / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"old")


SCENARIOS = (
    Scenario(("compress", "scans/digit0.png", "--force", "-o", "a.aec"), digits_and_old),
    Scenario(("decompress", "stack.aec", "--force", "-o", "out"), digits_and_old, is_of_files=True),
    Scenario(("compress", "scans", "--jobs", "1", "-o", "out/"), digits, is_of_files=True),
    Scenario(("compress", "--stack", "scans", "-o", "a.aec"), digits),
    Scenario(("decompress", "stack.aec", "-o", "out"), digits),
    Scenario(("export", "digits", "--format", "codec", "-o", "digits.aecodec")),
)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`fault.c` as a shared library."""
    needs("cc")
    library = tmp_path_factory.mktemp("library") / "fault.so"
    source = Path(__file__).with_name("fault.c")
    build = ["cc", "-O1", "-shared", "-fPIC", "-o", str(library), str(source), "-ldl"]
    subprocess.run(build, check=True)
    return library


def run(
    library: Path, arguments: tuple[str, ...], folder: Path, kind: str = "", at: int = 0
) -> tuple[int, int, str]:
    """The exit status of a command, the number of counted calls, and standard error."""
    log = library.with_name("calls")
    log.unlink(missing_ok=True)
    variables = {"LD_PRELOAD": str(library), "FAULT_ROOT": str(folder), "FAULT_LOG": str(log)}
    done = subprocess.run(
        [sys.executable, "-m", "aecodec", *arguments],
        cwd=folder,
        env={**os.environ, **variables, "FAULT_KIND": kind, "FAULT_AT": str(at)},
        capture_output=True,
        check=False,
    )
    calls = log.stat().st_size if log.exists() else 0
    return done.returncode, calls, done.stderr.decode(errors="replace")


def result_of(scenario: Scenario, folder: Path) -> Result:
    path = folder / scenario.arguments[-1]
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    names = {str(file.relative_to(path)): file for file in files}
    return {name: file.read_bytes() for name, file in names.items() if ".aecodec-" not in name}


def left_in(folder: Path) -> list[Path]:
    return list(folder.rglob(".aecodec-*"))


def check(scenario: Scenario, library: Path, top: Path, most: int) -> None:
    """Inject faults at a number of calls that are spread evenly."""

    def prepared(name: str) -> Path:
        folder = (top / name).resolve()
        folder.mkdir()
        scenario.prepare(folder)
        return folder

    folder = prepared("whole")
    old = result_of(scenario, folder)
    status, calls, err = run(library, scenario.arguments, folder)
    assert status == 0, err
    new = result_of(scenario, folder)
    for kind in KINDS:
        for at in sorted({1 + number * calls // most for number in range(min(most, calls))}):
            folder, fault = prepared(f"{kind}{at}"), f"{kind} at call {at} of {calls}"
            status, _, _ = run(library, scenario.arguments, folder, kind, at)
            result = result_of(scenario, folder)
            if scenario.is_of_files:
                assert result.items() <= old.items() | new.items(), fault
            else:
                assert result in ({}, old, new), fault
            assert status or result == new, fault
            assert kind == "kill" or not left_in(folder), fault
            may_skip = "--force" not in scenario.arguments and scenario.arguments[0] != "export"
            skip = ("--skip-existing",) if may_skip else ()
            again = (scenario.arguments[0], *skip, *scenario.arguments[1:])
            status, _, err = run(library, again, folder)
            assert status == 0 or "already exists" in err, f"{fault}: {err}"
            assert result_of(scenario, folder) == new, fault
            shutil.rmtree(folder)


@pytest.mark.parametrize("scenario", SCENARIOS[:2], ids=lambda scenario: scenario.arguments[0])
def test_a_fault_at_some_calls_loses_nothing(
    scenario: Scenario, library: Path, tmp_path: Path
) -> None:
    check(scenario, library, tmp_path, most=3)


@pytest.mark.slow
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: " ".join(scenario.arguments))
def test_a_fault_at_any_call_loses_nothing(
    scenario: Scenario, library: Path, tmp_path: Path
) -> None:
    check(scenario, library, tmp_path, most=1000)
