"""Rate and distortion of codecs and image formats on a data set."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from aecodec import metrics
from aecodec.base.arrays import Float64
from aecodec.base.errors import ImageError
from aecodec.codec.codec import Codec
from aecodec.codec.distortion import Measure, Values
from aecodec.evaluation.formats import PillowFormat, decode
from aecodec.format.limits import UNLIMITED
from aecodec.image_files.colour import in_kept_colours
from aecodec.imaging.picture import Picture, without_channel_axis

Files = Sequence[bytes]


@dataclass(frozen=True)
class Coder:
    """A codec at a level, or an image format at a quality; `decode` also gets the original."""

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


Errors = Callable[[Picture, Picture], Values]


def pixel_errors(original: Picture, restored: Picture, *, ssimulacra2: bool = False) -> Values:
    """Measure the errors of pixels; AecodecError if `ssimulacra2` is set without its package.

    MS-SSIM is NaN for pictures with a side below 11 pixels.
    """
    original = in_kept_colours(original, restored.metadata)
    mse = metrics.mse(original.pixels, restored.pixels)
    return {
        "pixels": math.prod(original.pixels.shape[:3]),
        "mse": mse,
        "psnr": metrics.psnr(mse),
        "ms_ssim": _mean(metrics.ms_ssim, original, restored),
        "ssimulacra2": _mean(metrics.ssimulacra2, original, restored) if ssimulacra2 else None,
    }


def measure(coder: Coder, pictures: Iterable[Picture], errors_of: Errors = pixel_errors) -> Values:
    """Compress and decompress each picture separately, and average the measurements.

    Returns rounded `codec`, `level`, `pictures`, `bytes` (mean size of a file), `ratio` (raw size
    divided by file size), errors, and `compress_ms` and `decompress_ms` (per picture). Raises
    ImageError if there are no pictures.

    Errors of pixels are `bpp` (over all pictures), `mse`, `psnr` (of `mse`), and means over the
    pictures with finite values: `mean_psnr`, `ms_ssim` and `ssimulacra2`, or None without such
    pictures. With bands, the result has `bits_per_sample`, the errors as means over the known
    samples of all pictures, and the largest errors. PSNR is computed from the mean of the squared
    errors divided by the squares of the peaks.
    """
    rows = [_measured(coder, picture, errors_of) for picture in pictures]
    if not rows:
        raise ImageError("none of the pictures in this data set can be read")
    columns = {name: np.array([row[name] for row in rows], np.float64) for name in rows[0]}
    means = {
        "bytes": columns["bytes"].mean(),
        "ratio": columns["raw_bytes"].sum() / columns["bytes"].sum(),
        **(_means_of_bands(columns) if "known" in columns else _means_of_pixels(columns)),
        "compress_ms": 1000 * columns["compress"].mean(),
        "decompress_ms": 1000 * columns["decompress"].mean(),
    }
    rounded = {name: _rounded(value) for name, value in means.items()}
    return {"codec": coder.name, "level": coder.level, "pictures": len(rows), **rounded}


def _measured(coder: Coder, picture: Picture, errors_of: Errors) -> Values:
    start = time.perf_counter()
    files = coder.encode(picture)
    middle = time.perf_counter()
    restored = coder.decode(files, picture)
    times = {"compress": middle - start, "decompress": time.perf_counter() - middle}
    sizes = {"bytes": sum(map(len, files)), "raw_bytes": picture.raw_size}
    return sizes | errors_of(picture, restored) | times


def _means_of_pixels(columns: Mapping[str, Float64]) -> Values:
    mse = columns["mse"].mean()
    return {
        "bpp": 8 * columns["bytes"].sum() / columns["pixels"].sum(),
        "mse": mse,
        "psnr": metrics.psnr(mse),
        "mean_psnr": _mean_of_finite(columns["psnr"]),
        "ms_ssim": _mean_of_finite(columns["ms_ssim"]),
        "ssimulacra2": _mean_of_finite(columns["ssimulacra2"]),
    }


def _means_of_bands(columns: Mapping[str, Float64]) -> Values:
    known = np.maximum(columns["known"], 1)
    relative = np.average(columns["mse"] / columns["peak"] ** 2, weights=known)
    return {
        "bits_per_sample": 8 * columns["bytes"].sum() / columns["samples"].sum(),
        "mse": np.average(columns["mse"], weights=known),
        "peak": columns["peak"].mean(),
        "psnr": metrics.psnr(float(relative), 1),
        "max_error": columns["max_error"].max(),
        **{
            name: math.sqrt(np.average(column**2, weights=known))
            for name, column in columns.items()
            if name.startswith("rmse_")
        },
        **{name: column.max() for name, column in columns.items() if name.startswith("max_error_")},
    }


def _rounded(value: float) -> float | None:
    """A number with six significant digits; None if it is not finite."""
    return float(f"{value:.6g}") if math.isfinite(value) else None


def _mean_of_finite(values: Float64) -> float:
    finite = values[np.isfinite(values)]
    return float(finite.mean()) if len(finite) else math.nan


def _mean(measure: Measure, original: Picture, restored: Picture) -> float:
    frames = zip(original.pixels, restored.pixels, strict=True)
    return float(np.mean([measure(*pair) for pair in frames]))
