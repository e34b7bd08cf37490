"""Virtual environments for what cannot be installed beside aecodec."""

from __future__ import annotations

import subprocess
import venv
from collections.abc import Sequence
from pathlib import Path


def environment(folder: Path, packages: Sequence[str]) -> Path:
    """The Python of a virtual environment with packages, which is made if it is not there."""
    python = folder / "bin" / "python"
    if not python.exists():
        venv.create(folder, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *packages], check=True)
    return python
