"""How long does a window of a large band take, and how much of the file does it read?

The green channels of the pictures of a folder are laid side by side to a square band, which is
compressed with each error. Windows of 256x256 samples at random places are read with
`aecodec.open`, each from a newly opened file: the median of the times, and the mean of the bytes.
"""

from __future__ import annotations

import tempfile
import time
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path
from statistics import mean, median
from typing import Any

import numpy as np
import numpy.typing as npt

import aecodec
from benchmarks.harness import Options, Row
from benchmarks.pictures import mosaic

_SIDE = 256
_WINDOWS = 50


def add_arguments(parser: Options) -> None:
    """Add the data, the side of the band, and the errors."""
    parser.add_data()
    parser.add_argument("--side", type=int, default=10_000)
    parser.add_argument("--errors", type=int, nargs="+", default=[0, 4])


def measure(options: Namespace) -> Iterator[Row]:
    """One row per error."""
    band = np.ascontiguousarray(mosaic(options.data, options.side)[..., 1])
    places = np.random.default_rng(0).integers(0, options.side - _SIDE, (_WINDOWS, 2)).tolist()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "band.aec")
        for error in options.errors:
            path.write_bytes(aecodec.compress(band, max_error=error, metadata=False))
            _read(path, 0, 0)  # loads the library
            seconds, sizes = zip(
                *(_timed(path, band, error, *place) for place in places), strict=True
            )
            yield {
                "side": options.side,
                "max_error": error,
                "bytes": path.stat().st_size,
                "milliseconds": round(1000 * median(seconds), 2),
                "share": round(mean(sizes) / path.stat().st_size, 5),
            }


def _timed(
    path: Path, band: npt.NDArray[Any], error: int, row: int, column: int
) -> tuple[float, int]:
    """Seconds and bytes that a window takes."""
    before, start = _bytes_read(), time.perf_counter()
    window = _read(path, row, column)
    seconds, size = time.perf_counter() - start, _bytes_read() - before
    original = band[row : row + _SIDE, column : column + _SIDE]
    assert np.abs(window.astype(int) - original).max() <= error
    return seconds, size


def _read(path: Path, row: int, column: int) -> npt.NDArray[Any]:
    with aecodec.open(path) as file:
        return np.asarray(file[..., row : row + _SIDE, column : column + _SIDE]).squeeze()


def _bytes_read() -> int:
    """Bytes that this process has read from files, of which /proc reads a hundred."""
    counters = Path("/proc/self/io").read_text("ascii")
    return int(counters.partition("rchar: ")[2].partition("\n")[0])
