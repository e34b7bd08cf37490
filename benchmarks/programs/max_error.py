"""How many bits per sample does a guaranteed maximum error cost, beside JPEG-LS, SZ3 and ZFP?

Whole files. aecodec compresses each picture by itself or, with --stack, all in one file; the other
formats code RGB pictures, or else each band of a picture or of a mosaic of all pictures. Every file
is decoded, and the largest error is measured. JPEG 2000, JPEG XL and WebP have rows at an error of
0 only.
"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import Any

import imagecodecs
import numpy as np
import numpy.typing as npt

import aecodec
from aecodec import Picture
from aecodec.datasets.evaluation_set import open_dataset
from aecodec.format.limits import UNLIMITED
from aecodec.image_files.options import ONLY_PIXELS
from aecodec.imaging.picture import stack
from benchmarks.harness import Options, Row

Plane = npt.NDArray[Any]
"""A band (H, W), or an RGB picture (H, W, 3) uint8."""

RoundTrip = Callable[[Plane, float], tuple[int, Plane]]
"""Codes a plane within an error; returns bytes and the decoded plane."""


def add_arguments(parser: Options) -> None:
    """Add the data, the codec and the errors."""
    parser.add_data()
    parser.add_codec("photo")
    parser.add_limit()
    parser.add_argument("--errors", type=float, nargs="+", default=[0])
    parser.add_argument("--array", help="name of the array in an .npz file")
    parser.add_argument("--bands-first", action="store_true")
    parser.add_argument("--stack", action="store_true", help="all pictures in one file")


def measure(options: Namespace) -> Iterator[Row]:
    """One row per error and format."""
    codec = aecodec.load_codec(options.codec)
    pictures = _pictures(options, codec)
    samples = sum(picture.pixels.size for picture in pictures)
    planes = list(_mosaic(pictures) if options.stack else _planes(pictures))
    for error in options.errors:
        size, most = 0, 0.0
        for picture in [stack(pictures)] if options.stack else pictures:
            file = codec.compress(picture, max_error=error, metadata=False)
            decoded = codec.decoder.decompress_picture(file, UNLIMITED).pixels
            size, most = size + len(file), max(most, _most(decoded, picture.pixels))
        yield _row("aecodec", error, size, most, samples, len(pictures))
        for name, round_trip in _formats(error, planes[0].dtype).items():
            results = [(round_trip(plane, error), plane) for plane in planes]
            size = sum(count for (count, _), _ in results)
            most = max(_most(decoded, plane) for (_, decoded), plane in results)
            yield _row(name, error, size, most, samples, len(pictures))


def _row(name: str, error: float, size: int, most: float, samples: int, pictures: int) -> Row:
    bits, per_picture = 8 * size / samples, size / pictures
    row = {"format": name, "max_error": error, "measured_error": most}
    return row | {"bits_per_sample": round(bits, 4), "bytes_per_picture": round(per_picture, 1)}


def _pictures(options: Namespace, codec: aecodec.Codec) -> list[Picture]:
    bands = codec.spec.bands.count if codec.spec.bands else None
    axis = -3 if options.bands_first else None
    reading = replace(ONLY_PIXELS, bands=bands, band_axis=axis) if bands else ONLY_PIXELS
    data = open_dataset(options.data, options.array, reading)
    return [sample.picture for sample in islice(data, options.limit)]


def _planes(pictures: Sequence[Picture]) -> Iterator[Plane]:
    for picture in pictures:
        if picture.pixels.shape[-1] == 3 and picture.pixels.dtype == np.uint8:
            yield from picture.pixels
            continue
        yield from np.ascontiguousarray(np.moveaxis(picture.pixels, -1, 1)).reshape(
            -1, *picture.pixels.shape[1:3]
        )


def _mosaic(pictures: Sequence[Picture]) -> Iterator[Plane]:
    """All pictures, of one size, in a square."""
    pixels = np.concatenate([picture.pixels for picture in pictures])
    side = int(np.ceil(len(pixels) ** 0.5))
    padded = np.pad(pixels, ((0, side * side - len(pixels)), (0, 0), (0, 0), (0, 0)))
    height, width, bands = padded.shape[1:]
    grid = padded.reshape(side, side, height, width, bands).swapaxes(1, 2)
    for band in range(bands):
        yield np.ascontiguousarray(grid[..., band].reshape(side * height, side * width))


def _most(decoded: Plane, original: Plane) -> float:
    return float(np.abs(decoded.astype(np.float64) - original.astype(np.float64)).max())


def _formats(error: float, dtype: np.dtype[Any]) -> dict[str, RoundTrip]:
    formats: dict[str, RoundTrip] = {"JPEG XL": _jpeg_xl}
    if error:
        formats = {"SZ3": partial(_by_band, _sz3), "ZFP": partial(_by_band, _zfp)}
    if dtype.kind != "f" and error < 256:
        formats["JPEG-LS"] = _jpeg_ls
    if not error and dtype.kind != "f":
        formats["JPEG 2000"] = _jpeg_2000
    if not error and dtype == np.uint8:
        formats["WebP"] = _webp
    return formats


def _unsigned(plane: Plane) -> tuple[Plane, int]:
    """A plane of signed integers shifted to unsigned ones, and the shift."""
    shift = min(int(plane.min()), 0) if plane.dtype.kind == "i" else 0
    kind = np.uint8 if plane.dtype.itemsize == 1 else np.uint16
    return (plane.astype(np.int64) - shift).astype(kind), shift


def _jpeg_ls(plane: Plane, error: float) -> tuple[int, Plane]:
    shifted, shift = _unsigned(plane)
    file = imagecodecs.jpegls_encode(shifted, level=int(error))
    return len(file), imagecodecs.jpegls_decode(file).astype(np.int64) + shift


def _jpeg_xl(plane: Plane, _: float) -> tuple[int, Plane]:
    shifted, shift = _unsigned(plane) if plane.dtype.kind != "f" else (plane, 0)
    file = imagecodecs.jpegxl_encode(shifted, lossless=True, effort=7)
    return len(file), imagecodecs.jpegxl_decode(file) + np.int64(shift)


def _jpeg_2000(plane: Plane, _: float) -> tuple[int, Plane]:
    shifted, shift = _unsigned(plane)
    file = imagecodecs.jpeg2k_encode(shifted, level=0, reversible=True, codecformat="j2k")
    return len(file), imagecodecs.jpeg2k_decode(file).astype(np.int64) + shift


def _webp(plane: Plane, _: float) -> tuple[int, Plane]:
    rgb = plane if plane.ndim == 3 else np.repeat(plane[..., None], 3, axis=-1)
    file = imagecodecs.webp_encode(rgb, lossless=True, level=9)
    decoded = imagecodecs.webp_decode(file)
    return len(file), decoded if plane.ndim == 3 else decoded[..., 0]


def _by_band(round_trip: RoundTrip, plane: Plane, error: float) -> tuple[int, Plane]:
    """Code the channels of an RGB picture one by one, with a format for numbers."""
    if plane.ndim == 2:
        return round_trip(plane, error)
    channels = [round_trip(np.ascontiguousarray(plane[..., c]), error) for c in range(3)]
    return sum(size for size, _ in channels), np.dstack([decoded for _, decoded in channels])


def _sz3(plane: Plane, error: float) -> tuple[int, Plane]:
    file = imagecodecs.sz3_encode(plane.astype(np.float32), mode="abs", abs=float(error))
    decoded = imagecodecs.sz3_decode(file, shape=plane.shape, dtype=np.float32)
    return len(file), np.asarray(decoded)


def _zfp(plane: Plane, error: float) -> tuple[int, Plane]:
    file = imagecodecs.zfp_encode(plane.astype(np.float32), level=float(error), mode="accuracy")
    return len(file), np.asarray(imagecodecs.zfp_decode(file))
