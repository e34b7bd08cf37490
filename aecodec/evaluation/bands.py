"""Rate and distortion of codecs with bands."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from aecodec import metrics
from aecodec.datasets.evaluation_set import Sample
from aecodec.evaluation.evaluate import (
    Coder,
    Values,
    columns_of,
    means_of,
    measured,
)
from aecodec.imaging.picture import Picture


def measure_bands(
    coder: Coder, samples: Iterable[Sample], peak: float | None = None
) -> Iterator[Values]:
    """Compress and decompress each picture separately, and measure it.

    The pictures have the same number of bands. `peak` is the range of the samples for PSNR, by
    default :func:`~aecodec.metrics.range_of` of each picture.

    Yields for each picture `codec`, `level`, `name`, `bytes`, `raw_bytes`, `source_bytes`,
    `samples` (their number), `known` (number of samples that are not missing), `bits_per_sample`,
    `mse`, `peak`, `psnr`, `max_error`, `spectral_angle` (degrees; None for one band),
    `compress_ms`, `decompress_ms`, and `rmse_1`, `max_error_1` and so on for each band. Errors
    ignore missing samples.
    """

    def errors(picture: Picture, restored: Picture, size: int) -> Values:
        count = picture.pixels.size
        rate = {"samples": count, "bits_per_sample": 8 * size / count}
        return rate | errors_of(picture, restored, peak)

    return measured(coder, samples, errors)


def errors_of(original: Picture, restored: Picture, peak: float | None = None) -> dict[str, Any]:
    """Measure the error of a picture with bands; see :func:`measure_bands` for the names."""
    missing, samples = original.missing, original.pixels
    pair = samples, restored.pixels, missing
    squares, most = metrics.band_errors(*pair)
    counts = (~original.is_missing).sum(axis=(0, 1, 2))
    mse = float(squares @ counts) / max(counts.sum(), 1)
    peak = metrics.range_of(samples, missing) if peak is None else peak
    return {
        "known": int(counts.sum()),
        "mse": mse,
        "peak": peak,
        "psnr": metrics.psnr(mse, peak),
        "max_error": float(most.max()),
        "spectral_angle": metrics.spectral_angle(*pair),
        **{f"rmse_{band}": math.sqrt(square) for band, square in enumerate(squares, start=1)},
        **{f"max_error_{band}": float(error) for band, error in enumerate(most, start=1)},
    }


def mean_of_bands(rows: Sequence[Values]) -> Values:
    """Average the measurements of pictures, as :func:`measure_bands` yields them.

    Returns the values of :func:`~aecodec.evaluation.evaluate.means_of`, and the values of a
    picture: means over the known samples of all pictures, and the largest errors. PSNR is computed
    from the mean of the squared errors divided by the squares of the peaks. Raises ImageError if
    there are no pictures.
    """
    columns = columns_of(rows)
    weights = np.maximum(columns["known"], 1)
    relative = np.average(columns["mse"] / columns["peak"] ** 2, weights=weights)
    angles = columns["spectral_angle"]
    has_angle = np.isfinite(angles)
    values = {
        "bits_per_sample": 8 * columns["bytes"].sum() / columns["samples"].sum(),
        "mse": np.average(columns["mse"], weights=weights),
        "peak": columns["peak"].mean(),
        "psnr": metrics.psnr(float(relative), 1),
        "max_error": columns["max_error"].max(),
        "spectral_angle": np.average(angles[has_angle], weights=weights[has_angle])
        if has_angle.any()
        else None,
    }
    for name, column in columns.items():
        if name.startswith("rmse_"):
            values[name] = math.sqrt(np.average(np.square(column), weights=weights))
        elif name.startswith("max_error_"):
            values[name] = column.max()
    return means_of(rows, columns, values)
