"""Rate and distortion of a codec's levels on a data set."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

import numpy as np

from aecodec import metrics
from aecodec.arrays import Pixels
from aecodec.codec.codec import Codec
from aecodec.codec.distortion import Measure
from aecodec.datasets.evaluation_set import Sample
from aecodec.errors import ImageError
from aecodec.evaluation.scores import Score, mean_score
from aecodec.format.limits import UNLIMITED
from aecodec.image_files.colour import in_kept_colours
from aecodec.imaging.picture import Picture

Result = TypeVar("Result")


def evaluate(
    codec: Codec, samples: Iterable[Sample], level: float, *, ssimulacra2: bool = False
) -> dict[str, float | None]:
    """Compress and decompress each picture separately, and average the measurements.

    Args:
        codec: a codec with both halves.
        samples: the pictures.
        level: level to compress at, 1 or more.
        ssimulacra2: whether to measure SSIMULACRA2, which takes one second per 400,000 pixels.

    Returns:
        `level`, `pictures`, `bytes` (mean size of a file), `bpp` (over all pictures), `ratio` and
        `source_ratio` (raw size and size in the data set, divided by file size), `mse`, `psnr` (of
        `mse`), `mean_psnr`, `ms_ssim` and `ssimulacra2` (means over the pictures; None if not
        measured), `compress_ms` and `decompress_ms` (milliseconds per picture).

    Raises:
        AecodecError: SSIMULACRA2 is requested, but its package is not installed.
        ImageError: there are no pictures.
    """
    measures = [metrics.ms_ssim, metrics.ssimulacra2 if ssimulacra2 else _not_measured]
    measured = [_measure(codec, sample, level, measures) for sample in samples]
    if not measured:
        raise ImageError("none of the pictures in this data set can be read")
    scores, sizes = zip(*measured, strict=True)
    source, raw, compress_time, decompress_time = np.array(sizes).T
    size = sum(score.bytes for score in scores)
    means = mean_score(scores)
    values = {
        "level": level,
        "pictures": len(scores),
        "bytes": means["bytes"],
        "bpp": means["bpp"],
        "ratio": raw.sum() / size,
        "source_ratio": source.sum() / size,
        "mse": np.mean([score.mse for score in scores]),
        **{name: means.get(name) for name in ("psnr", "mean_psnr", "ms_ssim", "ssimulacra2")},
        "compress_ms": 1000 * compress_time.mean(),
        "decompress_ms": 1000 * decompress_time.mean(),
    }
    return {name: _rounded(value) for name, value in values.items()}


def _rounded(value: float | None) -> float | None:
    """A number with four decimals; None if it is absent or not finite."""
    return None if value is None or not math.isfinite(value) else round(float(value), 4)


def _measure(
    codec: Codec, sample: Sample, level: float, measures: Sequence[Measure]
) -> tuple[Score, tuple[float, ...]]:
    """The score of a picture; and its source size, its raw size, and seconds of both ways."""
    picture = sample.picture
    data, compress_time = _timed(lambda: codec.compress(picture, level=level))
    restored, decompress_time = _timed(lambda: codec.decoder.decompress_picture(data, UNLIMITED))
    width, height = picture.size
    picture = in_kept_colours(picture, restored.metadata)
    score = Score(
        len(data),
        width * height * picture.frames,
        metrics.mse(picture.pixels, restored.pixels),
        *(_mean(measure, picture, restored) for measure in measures),
    )
    return score, (sample.source_size, picture.raw_size, compress_time, decompress_time)


def _mean(measure: Measure, original: Picture, restored: Picture) -> float:
    frames = zip(original.pixels, restored.pixels, strict=True)
    return float(np.mean([measure(*pair) for pair in frames]))


def _not_measured(original: Pixels, restored: Pixels) -> float:
    return math.nan


def _timed(work: Callable[[], Result]) -> tuple[Result, float]:
    """The result of the work, and its time in seconds."""
    start = time.perf_counter()
    return work(), time.perf_counter() - start
