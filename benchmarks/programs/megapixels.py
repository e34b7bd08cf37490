"""How many megapixels per second, on one core and on two, and where does the time go?

The pictures of a folder are laid side by side to one of --megapixels. All work is done in memory,
in a warm process; the shortest of three rounds.
"""

from __future__ import annotations

import os
from argparse import Namespace
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from math import isqrt
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

import aecodec
from aecodec.arrays import Pixels
from aecodec.evaluation.formats import PillowFormat, decode
from aecodec.imaging.picture import from_array
from benchmarks.harness import Options, Row, least_seconds
from benchmarks.pictures import mosaic

_ROUNDS = 3
_ANCHORS = (
    PillowFormat("JPEG", "JPEG", {"quality": 60}),
    PillowFormat("WebP, method 4", "WebP", {"quality": 50, "method": 4}),
    PillowFormat("JPEG XL, effort 7", "JXL", {"quality": 60, "effort": 7}),
    PillowFormat("AVIF, speed 4", "AVIF", {"quality": 50, "speed": 4}),
    PillowFormat("AVIF, speed 6", "AVIF", {"quality": 50, "speed": 6}),
)


class Work(NamedTuple):
    """A way to encode one picture, and to decode what that gives."""

    what: str
    encode: Callable[[], Any]
    decode: Callable[[Any], object]


def add_arguments(parser: Options) -> None:
    """Add the data, the codec and the size."""
    parser.add_data()
    parser.add_codec("photo")
    parser.add_argument("--megapixels", type=float, default=12)


def measure(options: Namespace) -> Iterator[Row]:
    """One row per codec and number of cores."""
    side = isqrt(round(1e6 * options.megapixels))
    for cores in (1, 2):
        os.environ["OPENBLAS_NUM_THREADS"] = str(cores)  # read when NumPy is loaded
        with ProcessPoolExecutor(1, get_context("spawn")) as process:
            yield from process.submit(_rows, options.data, options.codec, side, cores).result()


def _rows(data: Path, codec: str, side: int, cores: int) -> list[Row]:
    """All rows of one number of cores, in a process that is confined to that number."""
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:cores])
    pixels = mosaic(data, side)
    return [_row(work, cores, side) for work in (*_aecodec(codec, pixels), *_anchors(pixels))]


def _row(work: Work, cores: int, side: int) -> Row:
    encoded, megapixels = work.encode(), side**2 / 1e6
    return {
        "what": work.what,
        "cores": cores,
        "encode": round(megapixels / least_seconds(work.encode, _ROUNDS), 2),
        "decode": round(megapixels / least_seconds(lambda: work.decode(encoded), _ROUNDS), 2),
    }


def _aecodec(name: str, pixels: Pixels) -> Iterator[Work]:
    """The whole, and its parts."""
    codec = aecodec.load_codec(name)
    picture = from_array(pixels)
    encoded, size = codec.encoder.encode(picture), picture.size
    codes = encoded.codes()
    yield Work("aecodec", lambda: codec.compress(picture), codec.decoder.decompress_picture)
    yield Work(
        "aecodec: network",
        lambda: codec.encoder.encode(picture),
        lambda _: codec.decoder.reconstruct(codes, size=size),
    )
    yield Work("aecodec: prior and range coder", encoded.to_bytes, codec.decoder.check)


def _anchors(pixels: Pixels) -> Iterator[Work]:
    for anchor in _ANCHORS:
        yield Work(anchor.title, partial(anchor.encode, pixels), partial(decode, original=pixels))
