"""Programs that some machines lack."""

from __future__ import annotations

import shutil

import pytest


def needs(*programs: str) -> None:
    """Skip a test where one of the programs is not installed."""
    for program in programs:
        if not shutil.which(program):
            pytest.skip(f"no {program} here")
