"""Fixtures of the command-line tests."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import fsspec
import pytest

from aecodec.samples import sample_paths
from aecodec.urls import Url

_PATIENCE = 300


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, with one digit in it."""
    shutil.copy(sample_paths()[3], tmp_path / "digit.png")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Url]:
    """A bucket of moto's S3 server, with the sample digits in its folder `scans`."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    _wait_for(port)
    fsspec.get_filesystem_class("s3").clear_instance_cache()  # of the servers of other tests
    system = fsspec.filesystem("s3", use_listings_cache=False)
    system.mkdir("pictures")
    for path in sample_paths():
        system.pipe_file(f"pictures/scans/{path.name}", path.read_bytes())
    yield Url("s3://pictures")
    server.kill()
    server.wait()


def _wait_for(port: int) -> None:
    for _ in range(10 * _PATIENCE):
        with socket.socket() as tried:
            if not tried.connect_ex(("127.0.0.1", port)):
                return
        time.sleep(0.1)
    raise AssertionError("the server does not start")
