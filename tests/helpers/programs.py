"""Programs that some machines lack."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from aecodec.base.atomic import locked


def needs(*programs: str) -> None:
    """Skip a test where one of the programs is not installed."""
    for program in programs:
        if not shutil.which(program):
            pytest.skip(f"no {program} here")


SHARED = "AECODEC_SHARED_BY_TESTS"
"""Environment variable with a temporary folder that all processes of a test run share."""


def shared_folder(name: str, fill: Callable[[Path], None]) -> Path:
    """A folder in the shared folder. The first process that needs it fills it."""
    folder = Path(os.environ[SHARED], name)
    folder.mkdir(exist_ok=True)
    with locked(folder):
        if not (folder / "filled").exists():
            fill(folder)
            (folder / "filled").touch()
    return folder
