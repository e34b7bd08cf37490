"""Rate and distortion of a codec's levels on a data set."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

import numpy as np

from aecodec import metrics
from aecodec.arrays import Float64, Pixels
from aecodec.codec.codec import Codec
from aecodec.codec.distortion import Measure
from aecodec.datasets.evaluation_set import Sample
from aecodec.errors import ImageError
from aecodec.format.limits import UNLIMITED
from aecodec.image_files.colour import in_kept_colours
from aecodec.imaging.picture import Picture

Result = TypeVar("Result")


@dataclass(frozen=True)
class LevelScore:
    """One level of a codec, measured on files of one picture each.

    Attributes:
        level: the level, 1 and up.
        pictures: number of pictures.
        bytes: mean size of a file in bytes.
        bpp: bits per pixel, over all pictures together.
        ratio: raw size divided by file size, over all pictures together.
        source_ratio: size in the data set divided by file size, over all pictures together.
        mse: mean over all pictures of the mean squared error of 8-bit pixels.
        psnr: PSNR of `mse` in dB.
        mean_psnr: mean PSNR of the pictures in dB, without infinite ones.
        ms_ssim: mean MS-SSIM of the pictures.
        ssimulacra2: mean SSIMULACRA2 of the pictures; NaN if it was not measured.
        compress_ms: compression time in milliseconds per picture.
        decompress_ms: decompression time in milliseconds per picture.
    """

    level: float
    pictures: int
    bytes: float
    bpp: float
    ratio: float
    source_ratio: float
    mse: float
    psnr: float
    mean_psnr: float
    ms_ssim: float
    ssimulacra2: float
    compress_ms: float
    decompress_ms: float

    def as_json(self) -> dict[str, Any]:
        """Values for `--json`; infinity and NaN become None."""
        return {k: round(v, 4) if math.isfinite(v) else None for k, v in asdict(self).items()}


def evaluate(
    codec: Codec, samples: Iterable[Sample], level: float, *, ssimulacra2: bool = False
) -> LevelScore:
    """Compress and decompress each picture separately, and average the measurements.

    Args:
        codec: a codec with both halves.
        samples: the pictures.
        level: level to compress at, 1 and up.
        ssimulacra2: measure SSIMULACRA2 too, which takes a second for each 400,000 pixels.

    Raises:
        AecodecError: SSIMULACRA2 is wanted, and its package is not installed.
        ImageError: there are no pictures.
    """
    measures = [metrics.ms_ssim, metrics.ssimulacra2 if ssimulacra2 else _not_measured]
    rows = np.array([_measure(codec, sample, level, measures) for sample in samples])
    if not len(rows):
        raise ImageError("no picture of this data set can be read")
    size, source, pixels, raw, mse, psnr, similarity, score, *times = rows.T
    return LevelScore(
        level=level,
        pictures=len(rows),
        bytes=float(size.mean()),
        bpp=float(8 * size.sum() / pixels.sum()),
        ratio=float(raw.sum() / size.sum()),
        source_ratio=float(source.sum() / size.sum()),
        mse=float(mse.mean()),
        psnr=metrics.psnr(float(mse.mean())),
        mean_psnr=_mean_of_finite(psnr),
        ms_ssim=_mean_of_finite(similarity),
        ssimulacra2=_mean_of_finite(score),
        compress_ms=float(1000 * times[0].mean()),
        decompress_ms=float(1000 * times[1].mean()),
    )


def _measure(
    codec: Codec, sample: Sample, level: float, measures: Sequence[Measure]
) -> tuple[float, ...]:
    picture = sample.picture
    data, compress_time = _timed(lambda: codec.compress(picture, level=level))
    restored, decompress_time = _timed(lambda: codec.decoder.decompress_picture(data, UNLIMITED))
    width, height = picture.size
    pixels = width * height * picture.frames
    picture = in_kept_colours(picture, restored.metadata)
    error = metrics.mse(picture.pixels, restored.pixels)
    return (
        *(len(data), sample.source_size, pixels, picture.raw_size),
        *(error, metrics.psnr(error)),
        *(_mean(measure, picture, restored) for measure in measures),
        *(compress_time, decompress_time),
    )


def _mean(measure: Measure, original: Picture, restored: Picture) -> float:
    frames = zip(original.pixels, restored.pixels, strict=True)
    return float(np.mean([measure(*pair) for pair in frames]))


def _not_measured(original: Pixels, restored: Pixels) -> float:
    return math.nan


def _timed(work: Callable[[], Result]) -> tuple[Result, float]:
    """Result of the work, and its time in seconds."""
    start = time.perf_counter()
    return work(), time.perf_counter() - start


def _mean_of_finite(values: Float64) -> float:
    finite = values[np.isfinite(values)]
    return float(finite.mean()) if len(finite) else math.nan
