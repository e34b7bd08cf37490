"""Virtual environments for codecs that cannot be installed beside aecodec."""

from __future__ import annotations

import json
import subprocess
import tempfile
import venv
from collections.abc import Sequence
from pathlib import Path

from benchmarks.harness import Row


def environment(folder: Path, packages: Sequence[str]) -> Path:
    """The Python of a virtual environment, which is created with these packages if it is absent."""
    python = folder / "bin" / "python"
    if not python.exists():
        venv.create(folder, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *packages], check=True)
    return python


def run_program(python: Path, program: Path, *arguments: object) -> Row:
    """Run a program that writes one row of figures as JSON to the file that it is given last.

    Args:
        python: interpreter of the environment.
        program: file of the program, in this folder.
        arguments: its arguments but the last.
    """
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "row.json")
        command = [str(part) for part in (python, program, *arguments, file)]
        subprocess.run(command, check=True, capture_output=True)
        return dict(json.loads(file.read_text("utf-8")))
