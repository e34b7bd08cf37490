"""What do digits cost as one Zarr array, beside Blosc and JPEG XL, in bytes and in seconds?

Chunks of many digits each are written to a folder and read again. The bytes are those of all files
of the array, its metadata included. JPEG XL is that of imagecodecs, which has a codec for Zarr 2.
Seconds are those of the clock, and of all cores together while they were at work.
"""

from __future__ import annotations

import tempfile
import time
from argparse import Namespace
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import zarr

import aecodec
from aecodec import metrics
from aecodec.arrays import Pixels
from aecodec.zarr import Aecodec
from benchmarks.harness import Options, Row
from benchmarks.pictures import mnist

_DISTANCES = (8.0, 12.0)


@dataclass(frozen=True)
class Format:
    """A codec of chunks.

    Attributes:
        title: its name.
        settings: its settings, for people.
        options: what `zarr.create_array` is told of it.
    """

    title: str
    settings: str
    options: dict[str, Any] = field(default_factory=dict)


def add_arguments(parser: Options) -> None:
    """Add the data, the number of digits and the chunks."""
    parser.add_data(help="mnist.npz")
    parser.add_limit(60_000)
    parser.add_argument("--chunk", type=int, default=1000, help="digits in a chunk")


def measure(options: Namespace) -> Iterator[Row]:
    """One row per format and setting."""
    digits = mnist(options.data)[0][: options.limit]
    for format_ in (*_aecodec(), *_blosc(), *_jpeg_xl()):
        with tempfile.TemporaryDirectory() as folder:
            yield _measured(format_, digits, options.chunk, Path(folder, "digits.zarr"))


def _aecodec() -> Iterator[Format]:
    codec = aecodec.load_codec("digits")
    for level in range(1, len(codec.spec.levels) + 1):
        options = {"serializer": Aecodec(codec, level), "compressors": None}
        yield Format("aecodec", f"level {level}", options)


def _blosc() -> Iterator[Format]:
    for level in (5, 9):
        compressor = zarr.codecs.BloscCodec(cname="zstd", clevel=level, shuffle="noshuffle")
        yield Format("Blosc-zstd", f"level {level}", {"compressors": compressor})


def _jpeg_xl() -> Iterator[Format]:
    from imagecodecs.numcodecs import Jpegxl, register_codecs

    register_codecs("imagecodecs_jpegxl")
    yield Format("JPEG XL", "lossless", {"compressors": Jpegxl(), "zarr_format": 2})
    for distance in _DISTANCES:
        compressor = Jpegxl(lossless=False, distance=distance)
        options = {"compressors": compressor, "zarr_format": 2}
        yield Format("JPEG XL", f"distance {distance:g}", options)


def _measured(format_: Format, digits: Pixels, chunk: int, path: Path) -> Row:
    shape = digits.shape[1:]
    array = zarr.create_array(
        path, shape=digits.shape, chunks=(chunk, *shape), dtype="uint8", **format_.options
    )
    array[:1] = digits[:1]  # which loads what a format needs
    written = _timed(lambda: array.set_basic_selection(slice(None), digits))
    decoded: list[Any] = []
    read = _timed(lambda: decoded.append(zarr.open_array(path, mode="r")[:]))
    error = metrics.mse(digits, np.asarray(decoded[0]))
    size = sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
    return {
        "format": format_.title,
        "settings": format_.settings,
        "digits": len(digits),
        "digits_per_chunk": chunk,
        "bytes": size,
        "bytes_per_digit": round(size / len(digits), 2),
        "psnr": round(metrics.psnr(error), 2) if error else None,
        **{f"write_{name}": value for name, value in written.items()},
        **{f"read_{name}": value for name, value in read.items()},
    }


def _timed(work: Callable[[], object]) -> dict[str, float]:
    clock, cores = time.perf_counter(), time.process_time()
    work()
    return {
        "seconds": round(time.perf_counter() - clock, 2),
        "core_seconds": round(time.process_time() - cores, 2),
    }
