"""How much time and memory do large pictures take?

The pictures of a folder are laid side by side to one of --megapixels, and written as PNG. Then
`aecodec compress` and `aecodec decompress` run on it, each in a process of its own, whose peak of
resident memory is measured.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from argparse import Namespace
from collections.abc import Iterator
from math import isqrt
from pathlib import Path

from PIL import Image

from benchmarks.harness import Options, Row
from benchmarks.pictures import mosaic


def add_arguments(parser: Options) -> None:
    """Add the data, the codec and the size."""
    parser.add_data()
    parser.add_codec("photo")
    parser.add_argument("--megapixels", type=float, default=100)


def measure(options: Namespace) -> Iterator[Row]:
    """One row per command."""
    side = isqrt(round(1e6 * options.megapixels))
    with tempfile.TemporaryDirectory() as folder:
        picture, file, restored = (Path(folder, f"large{suffix}") for suffix in _SUFFIXES)
        Image.fromarray(mosaic(options.data, side)).save(picture, compress_level=1)
        row = _run("compress", picture, file, options.codec, side)
        yield row | {"bpp": round(8 * file.stat().st_size / side**2, 4)}
        yield _run("decompress", file, restored, options.codec, side)
        with Image.open(restored) as image:
            assert image.size == (side, side)


_SUFFIXES = (".png", ".aec", "_restored.png")


def _run(command: str, source: Path, target: Path, codec: str, side: int) -> Row:
    arguments = (command, source, "-o", target, "--codec", codec, "--quiet")
    start = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-m", "aecodec", *map(str, arguments)])
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    assert status == 0, f"{command} failed"
    return {
        "command": command,
        "megapixels": round(side**2 / 1e6, 2),
        "seconds": round(seconds, 2),
        "megapixels_per_second": round(side**2 / 1e6 / seconds, 2),
        "peak_memory_mib": round(usage.ru_maxrss / 1024),
    }
