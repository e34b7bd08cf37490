"""Fixtures of the command-line tests."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from aecodec.data.samples import sample_paths


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copy(sample_paths()[3], tmp_path / "digit.png")
    monkeypatch.chdir(tmp_path)
    return tmp_path
