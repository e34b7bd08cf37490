"""Results appear whole or not at all, in files and on standard output."""

from __future__ import annotations

import errno
import fcntl
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import aecodec
from aecodec.cli.shared import file_io
from aecodec.cli.shared.file_io import ExistsError, write_bytes, write_folder


def _no_links(*_: object) -> None:
    raise OSError(errno.EPERM, "no links here")


@pytest.mark.parametrize("has_links", [True, False])
def test_of_many_who_write_one_new_file_one_succeeds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, has_links: bool
) -> None:
    if not has_links:
        monkeypatch.setattr(file_io.os, "link", _no_links)
    target = tmp_path / "result"

    def write(content: bytes) -> bytes | None:
        try:
            write_bytes(target, content, force=False)
        except ExistsError:
            return None
        return content

    contents = [bytes([number]) * 100_000 for number in range(16)]
    with ThreadPoolExecutor(8) as pool:
        winners = [content for content in pool.map(write, contents) if content]
    assert [target.read_bytes()] == winners
    assert list(tmp_path.iterdir()) == [target]


def test_a_new_file_has_the_usual_permissions(tmp_path: Path) -> None:
    mask = os.umask(0o027)
    try:
        write_bytes(tmp_path / "file", b"x", force=False)
        write_folder(tmp_path / "folder", {"1": b"x"}, force=False)
    finally:
        os.umask(mask)
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o640
    assert (tmp_path / "folder").stat().st_mode & 0o777 == 0o750


@pytest.fixture
def picture(folder: Path) -> Path:
    """A file that decompresses to 100 kB, more than a pipe takes at once."""
    pixels = np.random.default_rng(0).integers(0, 256, (200, 200, 3), np.uint8)
    path = folder / "picture.aec"
    path.write_bytes(aecodec.compress(Image.fromarray(pixels), "photo", level=1))
    return path


def error_of(arguments: str, stdout: int, unbuffered: bool) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "aecodec", *arguments.split()],
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1" if unbuffered else ""},
        check=False,
    )
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    return done.stderr


TO_STDOUT = "decompress picture.aec -o - --format tiff"


def test_a_pipe_that_does_not_wait_or_that_nobody_reads_is_a_failure(picture: Path) -> None:
    reader, writer = os.pipe()
    fcntl.fcntl(writer, fcntl.F_SETFL, os.O_NONBLOCK)
    error = error_of(TO_STDOUT, writer, unbuffered=True)
    assert error.startswith("error: picture.aec: cannot write to standard output: ")
    os.close(reader)
    error = error_of("info picture.aec", writer, unbuffered=False)
    assert "cannot write to standard output: Broken pipe" in error
    os.close(writer)


@pytest.mark.parametrize("unbuffered", [True, False])
@pytest.mark.parametrize("arguments", [TO_STDOUT, "--version"])
def test_a_full_disk_is_a_failure(picture: Path, arguments: str, unbuffered: bool) -> None:
    with open("/dev/full", "wb") as full:
        error = error_of(arguments, full.fileno(), unbuffered)
    assert error.endswith(": No space left on device\n")
