"""How many bits per sample does a guaranteed maximum error cost, beside the best other formats?

Each row of data is FILE, FILE:ARRAYS or FOLDER, with =ERRORS if --errors does not apply to it, such
as "bands.npz:test_*=0,4,0.5%". Errors are numbers, or percentages of the range of each array, and
are rounded down for integers. Arrays in .npz, .npy, TIFF and PNG have the axes (frames, bands,
height, width), or only the last of these, or the bands as the last axis. Each array becomes one
aecodec file, and a row adds the files up. NaN marks missing samples.

Other formats store quantized samples, with steps of 2 E + 1, without loss, or guarantee E
themselves (JPEG-LS, SZ3, LERC). Each format uses its smallest layout: a file for each band, for all
bands, or for a mosaic of all frames. Every file is decoded and its error is measured. Speed is in
million samples per second of processor time, on one core.
"""

from __future__ import annotations

import time
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from fnmatch import fnmatch
from pathlib import Path
from typing import NamedTuple

import imagecodecs
import numpy as np
import tifffile

import aecodec
from benchmarks.harness import Row
from benchmarks.rivals import Array, Coding, Rival, Shape, rivals
from benchmarks.tables import table_of

_AECODEC = "aecodec"
_FORMATS = ("JPEG XL", "JPEG-LS", "JPEG 2000", "SZ3", "LERC", "deflate", "zstd")
_MAX_BANDS = 256
"""More arrays along the first of three axes are frames."""
_SUFFIXES = (".npz", ".npy", ".tif", ".tiff", ".png")


class Data(NamedTuple):
    """Data of a row: a file or a folder, the names of its arrays, and errors of its own."""

    path: Path
    arrays: str
    errors: tuple[str, ...]

    @classmethod
    def of(cls, text: str) -> Data:
        place, _, errors = text.partition("=")
        path, _, arrays = place.partition(":")
        return cls(Path(path), arrays or "*", tuple(filter(None, errors.split(","))))

    def __fspath__(self) -> str:
        return str(self.path)

    @property
    def title(self) -> str:
        return self.path.stem + (f" {self.arrays}" if self.arrays != "*" else "")

    def read(self) -> Iterator[Array]:
        """The samples of each array (frames, bands, height, width)."""
        files = sorted(self.path.rglob("*")) if self.path.is_dir() else [self.path]
        for file in (file for file in files if file.suffix.lower() in _SUFFIXES):
            yield from (_samples(a) for name, a in _arrays(file) if fnmatch(name, self.arrays))


class Figures(NamedTuple):
    """Size and error of files, and processor time in seconds."""

    bytes: int
    error: float
    encode: float
    decode: float

    @classmethod
    def sum(cls, figures: Sequence[Figures]) -> Figures:
        sizes, errors, encode, decode = zip(*figures, strict=True)
        return cls(sum(sizes), max(errors), sum(encode), sum(decode))


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("data", type=Data.of, nargs="+", metavar="PATH[:ARRAYS][=ERRORS]")
    parser.add_argument("--errors", nargs="+", default=["0"], metavar="E|E%%")


def measure(options: Namespace) -> Iterator[Row]:
    """One row per data and error, then one per format with its speed."""
    rows = []
    for data in options.data:
        arrays = list(data.read())
        for error in data.errors or options.errors:
            yield (row := _row(data.title, arrays, error))
            rows.append(row)
    yield from _speeds(rows)
    print(table_of("max_error", rows))


def _arrays(file: Path) -> Iterator[tuple[str, Array]]:
    """The arrays of a file, and their names, "" if it has one array."""
    suffix = file.suffix.lower()
    if suffix == ".npz":
        with np.load(file) as arrays:
            yield from ((name, array) for name, array in arrays.items() if array.ndim > 1)
    else:
        read = tifffile.imread if suffix in (".tif", ".tiff") else imagecodecs.imread
        yield "", read(file)


def _samples(array: Array) -> Array:
    """An array as (frames, bands, height, width); bands may be last if they are few."""
    if array.ndim > 2 and array.shape[-1] < min(array.shape[-3:-1]):
        array = np.moveaxis(array, -1, -3)
    array = np.ascontiguousarray(array, array.dtype.newbyteorder("="))
    if array.ndim == 3 and len(array) > _MAX_BANDS:
        return array[:, np.newaxis]
    return array.reshape((1,) * (4 - array.ndim) + array.shape)


def _row(title: str, arrays: Sequence[Array], error: str) -> Row:
    """Figures of all formats, each in the smallest of its layouts for each array."""
    smallest: dict[str, list[Figures]] = {name: [] for name in (_AECODEC, *_FORMATS)}
    for array in arrays:
        bound = _bound(array, error)
        ways = [_aecodec(bound), *rivals(array, bound)]
        measured = [(way.title, _figures(way, array)) for way in ways]
        for name, figures in smallest.items():
            within = [
                figure for title, figure in measured if title == name and figure.error <= bound
            ]
            figures.extend([min(within)] if within else [])
    if len(smallest[_AECODEC]) < len(arrays):
        raise SystemExit(f"{title}: aecodec exceeds the error {error}")
    count = sum(array.size for array in arrays)
    entries = {
        name: _entry(Figures.sum(figures), count)
        for name, figures in smallest.items()
        if len(figures) == len(arrays)
    }
    return {"pictures": title, "max_error": error, "samples": count, **entries}


def _bound(array: Array, error: str) -> float:
    value = float(error.removesuffix("%"))
    if error.endswith("%"):
        value *= float(np.nanmax(array) - np.nanmin(array).astype(float)) / 100
    return value if array.dtype.kind == "f" else int(value)


def _figures(way: Rival, samples: Array) -> Figures:
    pieces = way.split(samples)
    start = time.process_time()
    files = [way.coding.encode(piece) for piece in pieces]
    middle = time.process_time()
    decoded = [
        way.coding.decode(file, piece.shape) for file, piece in zip(files, pieces, strict=True)
    ]
    end = time.process_time()
    error = max(map(_largest_difference, decoded, pieces))
    size = sum(map(len, files))
    return Figures(size, error, middle - start, end - middle)


def _largest_difference(decoded: Array, original: Array) -> float:
    """Largest difference of known samples; infinite where others are missing."""
    if original.dtype.kind == "f":
        if not np.array_equal(np.isnan(decoded), np.isnan(original)):
            return np.inf
        decoded, original = np.nan_to_num(decoded), np.nan_to_num(original)
    wide = np.float64 if original.dtype.kind == "f" else np.int64
    return float(np.abs(decoded.astype(wide) - original.astype(wide)).max())


def _entry(figures: Figures, samples: int) -> Row:
    return {
        "bytes": figures.bytes,
        "bits": round(8 * figures.bytes / samples, 4),
        "error": figures.error,
        "encode": round(samples / figures.encode / 1e6, 4),
        "decode": round(samples / figures.decode / 1e6, 4),
    }


def _aecodec(error: float) -> Rival:
    """aecodec, with all frames and bands in one file."""

    def encode(array: Array) -> bytes:
        pixels = np.ascontiguousarray(np.moveaxis(array, 1, -1))
        picture = aecodec.Picture(pixels)
        if pixels.dtype.kind == "f" and (missing := np.isnan(pixels)).any():
            picture = aecodec.Picture(pixels, missing=missing, nodata=np.nan)
        return aecodec.compress(picture, max_error=error, metadata=False)

    def decode(data: bytes | bytearray, shape: Shape) -> Array:
        frames, bands, height, width = shape
        decoded = aecodec.decompress_array(data).reshape(frames, height, width, bands)
        return np.moveaxis(decoded, -1, 1)

    return Rival(_AECODEC, lambda array: [array], Coding(encode, decode))


def _speeds(rows: Sequence[Row]) -> Iterator[Row]:
    """Million samples per second of each format, over all rows that it has figures for."""
    for name in (_AECODEC, *_FORMATS):
        measured = [row for row in rows if name in row]
        samples = sum(row["samples"] for row in measured)
        works = ("encode", "decode")
        seconds = {key: sum(row["samples"] / row[name][key] for row in measured) for key in works}
        if measured:
            yield {"format": name} | {key: round(samples / seconds[key], 1) for key in works}
