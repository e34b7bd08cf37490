"""How much memory and time do large pictures take?

    python -m benchmarks.large DATA [--codec photo] [--megapixels 100] [--json FILE]

DATA is a folder of pictures; they are laid side by side until they make so many megapixels, and
written as PNG. `aecodec compress` and `aecodec decompress` are run on that, each in a process of
its own, whose largest resident memory is what is reported.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from itertools import cycle
from math import isqrt
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from aecodec.dataset import open_dataset
from aecodec.images import Pixels
from benchmarks.rows import codec_arguments, write_rows


def main() -> None:
    parser = codec_arguments(__doc__, "photo")
    parser.add_argument("--megapixels", type=float, default=100)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        picture, file = Path(folder, "large.png"), Path(folder, "large.aec")
        side = isqrt(round(1e6 * options.megapixels))
        Image.fromarray(mosaic(options.data, side)).save(picture, compress_level=1)
        codec = ("--codec", options.codec, "--quiet")
        rows = [
            _measured("compress", side, str(picture), "-o", str(file), *codec),
            _measured("decompress", side, str(file), "-o", str(Path(folder, "back.png")), *codec),
        ]
        with Image.open(Path(folder, "back.png")) as back:
            assert back.size == (side, side)
        rows[0]["bpp"] = round(8 * file.stat().st_size / side**2, 4)
    for row in rows:
        print(row)
    write_rows(options.json, rows)


def mosaic(data: Path, side: int) -> Pixels:
    """(side, side, 3) of pictures in rows, cut where they end."""
    canvas = np.zeros((side, side, 3), np.uint8)
    pictures = cycle([sample.picture.pixels[0] for sample in open_dataset(data)])
    top = 0
    while top < side:
        left = height = 0
        while left < side:
            pixels = next(pictures)
            place = canvas[top : top + pixels.shape[0], left : left + pixels.shape[1]]
            place[...] = pixels[: place.shape[0], : place.shape[1]]
            left, height = left + pixels.shape[1], max(height, pixels.shape[0])
        top += height
    return canvas


def _measured(command: str, side: int, *arguments: str) -> dict[str, Any]:
    start = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-m", "aecodec", command, *arguments])
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    assert status == 0, f"{command} failed"
    return {
        "command": command,
        "megapixels": round(side**2 / 1e6, 2),
        "seconds": round(seconds, 2),
        "megapixels_a_second": round(side**2 / 1e6 / seconds, 2),
        "peak_memory_mib": round(usage.ru_maxrss / 1024),
    }


if __name__ == "__main__":
    main()
