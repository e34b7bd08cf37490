"""Fixtures for tests of exported folders."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.commands import call
from helpers.programs import shared_folder


@pytest.fixture(scope="session")
def exported() -> Path:
    """A folder that `aecodec export` makes for a device: the encoder of `digits`, level 1."""

    def export(folder: Path) -> None:
        options = ["--format", "c", "--half", "encoder", "--level", "1", "--quiet"]
        call("export", "digits", "-o", str(folder / "digits"), *options)

    return shared_folder("exported", export) / "digits"
