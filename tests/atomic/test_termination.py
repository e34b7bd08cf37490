"""A signal that ends a process ends it, without temporary files left behind."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import signal, sys
from pathlib import Path
from aecodec.atomic.temporary import temporary_file, temporary_folder, tidy_termination

folder, number = Path(sys.argv[1]), getattr(signal, sys.argv[3])
signal.signal(number, signal.SIG_IGN if sys.argv[2] == "ignored" else signal.SIG_DFL)
with tidy_termination(), temporary_file(folder, b"x"), temporary_folder(folder) as made:
    (made / "file").write_bytes(b"x")
    try:
        signal.raise_signal(number)
    except BaseException:
        pass  # as a library may do
print("went on")
"""


def ended_by(name: str, folder: Path, how: str = "usual") -> tuple[int, bytes]:
    command = [sys.executable, "-c", PROGRAM, str(folder), how, name]
    done = subprocess.run(command, capture_output=True, check=False)
    return done.returncode, done.stdout


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_a_signal_ends_the_process_and_leaves_nothing(tmp_path: Path, name: str) -> None:
    assert ended_by(name, tmp_path) == (-getattr(signal, name), b"")
    assert list(tmp_path.iterdir()) == []


def test_a_signal_that_is_ignored_stays_ignored(tmp_path: Path) -> None:
    assert ended_by("SIGHUP", tmp_path, "ignored") == (0, b"went on\n")
