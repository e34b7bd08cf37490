"""Fixtures of the command-line tests."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers.s3_server import s3_server

from aecodec.data.samples import sample_paths
from aecodec.urls import Url


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, with one digit in it."""
    shutil.copy(sample_paths()[3], tmp_path / "digit.png")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def bucket() -> Iterator[Url]:
    """A bucket of moto's S3 server, with the sample digits in its folder `scans`."""
    with s3_server() as bucket:
        yield bucket
