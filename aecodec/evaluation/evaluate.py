"""Rate and distortion of codecs and image formats on a data set."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from aecodec import metrics
from aecodec.arrays import Float64
from aecodec.codec.codec import Codec
from aecodec.codec.distortion import Measure
from aecodec.datasets.evaluation_set import Sample
from aecodec.errors import ImageError
from aecodec.evaluation.formats import PillowFormat, decode
from aecodec.format.limits import UNLIMITED
from aecodec.image_files.colour import in_kept_colours
from aecodec.imaging.picture import Picture, without_channel_axis

Files = Sequence[bytes]
Values = dict[str, Any]
"""Measurements by name, as JSON has them; None if not measured or not finite."""


@dataclass(frozen=True)
class Coder:
    """A codec at a level, or an image format at a quality.

    `encode` makes the files of a picture; `decode` makes a picture from its files and its original.
    """

    name: str
    level: float
    encode: Callable[[Picture], Files]
    decode: Callable[[Files, Picture], Picture]


def codec_coder(codec: Codec, level: float) -> Coder:
    """A codec with both halves at a level, 1 or more."""
    return Coder(
        codec.spec.name,
        level,
        lambda picture: [codec.compress(picture, level=level)],
        lambda files, _: codec.decoder.decompress_picture(files[0], UNLIMITED),
    )


def format_coder(image_format: PillowFormat, quality: int) -> Coder:
    """An image format at a quality: a file per frame, without alpha and metadata."""
    at_quality = image_format.at_quality(quality)

    def encoded(picture: Picture) -> Files:
        pixels = in_kept_colours(picture, {}).pixels
        return [at_quality.encode(frame) for frame in without_channel_axis(pixels)]

    def decoded(files: Files, picture: Picture) -> Picture:
        originals = without_channel_axis(picture.pixels)
        frames = [decode(*pair) for pair in zip(files, originals, strict=True)]
        return Picture(np.stack(frames).reshape(picture.pixels.shape))

    return Coder(image_format.title, quality, encoded, decoded)


def measure_samples(
    coder: Coder, samples: Iterable[Sample], *, ssimulacra2: bool = False
) -> Iterator[Values]:
    """Compress and decompress each picture separately, and measure it.

    Yields for each picture `codec`, `level`, `name`, `bytes`, `raw_bytes` and `source_bytes` (sizes
    of the raw pixels and in the data set), `pixels` (their number), `mse`, `psnr`, `ms_ssim` (None
    for pictures with a side below 11 pixels), `ssimulacra2`, `compress_ms` and `decompress_ms`.
    SSIMULACRA2 is optional and takes one second per 400,000 pixels. Raises AecodecError if it is
    requested, but its package is not installed.
    """

    def errors_of(picture: Picture, restored: Picture, _: int) -> Values:
        original = in_kept_colours(picture, restored.metadata)
        mse = metrics.mse(original.pixels, restored.pixels)
        return {
            "pixels": math.prod(picture.pixels.shape[:3]),
            "mse": mse,
            "psnr": metrics.psnr(mse),
            "ms_ssim": _mean(metrics.ms_ssim, original, restored),
            "ssimulacra2": _mean(metrics.ssimulacra2, original, restored) if ssimulacra2 else None,
        }

    return measured(coder, samples, errors_of)


def measured(
    coder: Coder,
    samples: Iterable[Sample],
    errors_of: Callable[[Picture, Picture, int], Values],
) -> Iterator[Values]:
    """Compress and decompress each picture; yield its rounded measurements, with sizes and times.

    `errors_of` measures a picture, its restored picture and the size of its files in bytes.
    """
    for sample in samples:
        start = time.perf_counter()
        files = coder.encode(sample.picture)
        middle = time.perf_counter()
        restored = coder.decode(files, sample.picture)
        end = time.perf_counter()
        size = sum(map(len, files))
        values = {
            "bytes": size,
            "raw_bytes": sample.picture.raw_size,
            "source_bytes": sample.source_size,
            **errors_of(sample.picture, restored, size),
            "compress_ms": 1000 * (middle - start),
            "decompress_ms": 1000 * (end - middle),
        }
        first = {"codec": coder.name, "level": coder.level, "name": sample.name}
        yield first | rounded(values)


def mean_values(rows: Sequence[Values]) -> Values:
    """Average the measurements of pictures, as :func:`measure_samples` yields them.

    Returns the values of :func:`means_of`, `bpp` (over all pictures), `mse`, `psnr` (of `mse`), and
    the means over the pictures with finite values: `mean_psnr`, `ms_ssim` and `ssimulacra2`, or
    None if there are none. Raises ImageError if there are no pictures.
    """
    columns = columns_of(rows)
    mse = columns["mse"].mean()
    values = {
        "bpp": 8 * columns["bytes"].sum() / columns["pixels"].sum(),
        "mse": mse,
        "psnr": metrics.psnr(mse),
        "mean_psnr": _mean_of_finite(columns["psnr"]),
        "ms_ssim": _mean_of_finite(columns["ms_ssim"]),
        "ssimulacra2": _mean_of_finite(columns["ssimulacra2"]),
    }
    return means_of(rows, columns, values)


def columns_of(rows: Sequence[Values]) -> dict[str, Float64]:
    """The measurements of pictures by name; NaN for None. Raises ImageError if there are none."""
    if not rows:
        raise ImageError("none of the pictures in this data set can be read")
    names = list(rows[0])[3:]
    return {name: np.array([row[name] for row in rows], np.float64) for name in names}


def means_of(rows: Sequence[Values], columns: Mapping[str, Float64], values: Values) -> Values:
    """Rounded mean values.

    Returns `codec`, `level`, `pictures`, `bytes` (mean size of a file), `ratio` and `source_ratio`
    (raw size and size in the data set, divided by file size), the `values`, `compress_ms` and
    `decompress_ms` (per picture).
    """
    size = columns["bytes"].sum()
    means = {
        "bytes": columns["bytes"].mean(),
        "ratio": columns["raw_bytes"].sum() / size,
        "source_ratio": columns["source_bytes"].sum() / size,
        **values,
        "compress_ms": columns["compress_ms"].mean(),
        "decompress_ms": columns["decompress_ms"].mean(),
    }
    first = {"codec": rows[0]["codec"], "level": rows[0]["level"], "pictures": len(rows)}
    return first | rounded(means)


def rounded(values: Values) -> Values:
    """Numbers with six significant digits; None if they are absent or not finite."""
    return {name: _rounded(value) for name, value in values.items()}


def _rounded(value: float | None) -> float | None:
    if isinstance(value, int) or value is None:
        return value
    return float(f"{value:.6g}") if math.isfinite(value) else None


def _mean_of_finite(values: Float64) -> float:
    finite = values[np.isfinite(values)]
    return float(finite.mean()) if len(finite) else math.nan


def _mean(measure: Measure, original: Picture, restored: Picture) -> float:
    frames = zip(original.pixels, restored.pixels, strict=True)
    return float(np.mean([measure(*pair) for pair in frames]))
