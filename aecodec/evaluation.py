"""What a codec's levels cost and lose on a data set."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

import numpy as np

from aecodec import metrics
from aecodec.codec import Codec
from aecodec.dataset import Sample
from aecodec.errors import ImageError

Result = TypeVar("Result")


@dataclass(frozen=True)
class LevelScore:
    """A level, measured on whole files of single pictures.

    Attributes:
        level: 1 and up.
        pictures: how many.
        bytes: of a file, the mean.
        bpp: bits a pixel, all pictures together.
        ratio: how many times smaller than raw pixels, all together.
        source_ratio: how many times smaller than the data set's own files.
        mse: squared error of 8-bit pixels, the mean of all pictures.
        psnr: dB, of that mean.
        mean_psnr: dB, the mean of the pictures' own; infinite ones are left out.
        ms_ssim: the mean of the pictures.
        compress_ms: milliseconds a picture.
        decompress_ms: milliseconds a picture.
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
    compress_ms: float
    decompress_ms: float

    def as_json(self) -> dict[str, Any]:
        """For `--json`: what is not a number becomes None."""
        return {k: round(v, 4) if math.isfinite(v) else None for k, v in asdict(self).items()}


def evaluate(codec: Codec, samples: Iterable[Sample], level: float) -> LevelScore:
    """Compress and decompress every picture by itself.

    Args:
        codec: a whole codec.
        samples: the pictures.
        level: 1 and up.

    Raises:
        ImageError: there are no pictures.
    """
    rows = np.array([_measure(codec, sample, level) for sample in samples])
    if not len(rows):
        raise ImageError("no picture of this data set can be read")
    size, source, pixels, raw, mse, psnr, similarity, packing, unpacking = rows.T
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
        compress_ms=float(1000 * packing.mean()),
        decompress_ms=float(1000 * unpacking.mean()),
    )


def _measure(codec: Codec, sample: Sample, level: float) -> tuple[float, ...]:
    picture = sample.picture
    data, packing = _timed(lambda: codec.compress(picture, level))
    restored, unpacking = _timed(lambda: codec.decoder.decompress(data))
    width, height = picture.size
    error = metrics.mse(picture.pixels, restored.pixels)
    similarity = [
        metrics.ms_ssim(*pair) for pair in zip(picture.pixels, restored.pixels, strict=True)
    ]
    return (
        len(data),
        sample.source_size,
        width * height * picture.frames,
        picture.raw_size,
        error,
        metrics.psnr(error),
        float(np.mean(similarity)),
        packing,
        unpacking,
    )


def _timed(work: Callable[[], Result]) -> tuple[Result, float]:
    start = time.perf_counter()
    return work(), time.perf_counter() - start


def _mean_of_finite(values: np.ndarray[Any, Any]) -> float:
    finite = values[np.isfinite(values)]
    return float(finite.mean()) if len(finite) else math.nan
