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


@pytest.fixture
def fast_compiler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let `aecodec verify --device` compile without optimizing, in a quarter of the time."""
    program = tmp_path / "fast_cc"
    program.write_text('#!/bin/sh\nexec cc "$@" -O0\n', "utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("CC", str(program))
