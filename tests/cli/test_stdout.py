"""What standard output does not take whole is a failure, whether Python buffers it or not."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import aecodec


@pytest.fixture
def picture(folder: Path) -> Path:
    """A file that decompresses to 100 kB, more than a pipe takes at once."""
    pixels = np.random.default_rng(0).integers(0, 256, (200, 200, 3), np.uint8)
    path = folder / "picture.aec"
    path.write_bytes(aecodec.compress(Image.fromarray(pixels), "photo", level=1))
    return path


def run(arguments: list[str], stdout: int, unbuffered: bool) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "aecodec", *arguments],
        stdout=stdout,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONUNBUFFERED": "1" if unbuffered else ""},
        check=False,
    )


TO_STDOUT = ["decompress", "picture.aec", "-o", "-", "--format", "tiff"]


@pytest.mark.parametrize("unbuffered", [True, False])
def test_a_pipe_that_does_not_wait_is_a_failure(picture: Path, unbuffered: bool) -> None:
    reader, writer = os.pipe()
    fcntl.fcntl(writer, fcntl.F_SETFL, os.O_NONBLOCK)
    done = run(TO_STDOUT, writer, unbuffered)
    os.close(writer)
    os.close(reader)
    assert done.returncode == 1
    assert done.stderr.startswith(b"error: picture.aec: standard output cannot be written: ")
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("unbuffered", [True, False])
def test_a_pipe_that_nobody_reads_is_a_failure(picture: Path, unbuffered: bool) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    assert run(["--help"], writer, unbuffered).returncode == 1  # Rich says nothing
    done = run(["info", "picture.aec"], writer, unbuffered)
    assert done.returncode == 1
    assert b"standard output cannot be written: Broken pipe" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    os.close(writer)


@pytest.mark.parametrize("unbuffered", [True, False])
def test_a_full_disk_is_a_failure(picture: Path, unbuffered: bool) -> None:
    for arguments in (TO_STDOUT, ["--version"]):
        with open("/dev/full", "wb") as full:
            done = run(arguments, full.fileno(), unbuffered)
        assert done.returncode == 1
        assert done.stderr.endswith(b"cannot be written: No space left on device\n")
        assert len(done.stderr.splitlines()) == 1


def test_closed_streams_do_not_become_files(picture: Path) -> None:
    """A file that is opened as descriptor 2 would take what libraries print."""
    program = f"exec {sys.executable} -m aecodec decompress picture.aec -o a.png --quiet"
    done = subprocess.run(["sh", "-c", f"{program} <&- >&- 2>&-"], check=False)
    assert done.returncode == 0
    with Image.open("a.png") as image:
        image.load()
