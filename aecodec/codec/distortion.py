"""Distortion of a file: the error of each frame, and the qualities used by rate control."""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from aecodec import metrics
from aecodec.base.arrays import Float64, Pixels
from aecodec.imaging.picture import Picture

Measure = Callable[[Pixels, Pixels], float]
"""Compares two frames (H, W, C), original and restored."""

Values = dict[str, Any]
"""Measurements by name, as JSON has them; None if not measured or not finite."""


def squared_errors(
    picture: Picture, restored: npt.NDArray[Any], limits: Float64 | None = None
) -> list[float]:
    """Mean squared error of each frame; with limits (B, 2), of known samples scaled to 0..255."""
    return _of_frames(metrics.mse, picture, restored, limits)


def band_errors(original: Picture, restored: Picture) -> Values:
    """Measure a picture with bands: the errors of its known samples, and their number.

    `rmse_1`, `max_error_1` and so on are the errors of each band. `peak` is the range of the
    samples for PSNR, :func:`~aecodec.metrics.range_of` of the picture.
    """
    missing, samples = original.missing, original.pixels
    squares, most = metrics.band_errors(samples, restored.pixels, missing)
    counts = (~original.is_missing).sum(axis=(0, 1, 2))
    mse = float(squares @ counts) / max(counts.sum(), 1)
    peak = metrics.range_of(samples, missing)
    return {
        "samples": samples.size,
        "known": int(counts.sum()),
        "mse": mse,
        "peak": peak,
        "psnr": metrics.psnr(mse, peak),
        "max_error": float(most.max()),
        **{f"rmse_{band}": math.sqrt(square) for band, square in enumerate(squares, start=1)},
        **{f"max_error_{band}": float(error) for band, error in enumerate(most, start=1)},
    }


class Quality(NamedTuple):
    """A measure of frames with a unit, higher is better; `of_mean` converts its mean."""

    unit: str
    measure: Measure
    of_mean: Callable[[float], float] = float

    def of(
        self, picture: Picture, restored: npt.NDArray[Any], limits: Float64 | None = None
    ) -> float:
        """Measure the picture of a file; the arguments are those of :func:`squared_errors`."""
        values = _of_frames(self.measure, picture, restored, limits)
        return self.of_mean(float(np.mean(values)))


def _of_frames(
    measure: Measure, picture: Picture, restored: npt.NDArray[Any], limits: Float64 | None
) -> list[float]:
    if limits is not None:
        return _of_samples(picture, restored, limits)
    return [measure(*pair) for pair in zip(picture.pixels, restored, strict=True)]


def _of_samples(picture: Picture, restored: npt.NDArray[Any], limits: Float64) -> list[float]:
    """Mean squared errors of the known samples of each frame, scaled to 0..255 by their limits."""
    low, high = limits.T
    sums, counts = np.zeros((2, picture.frames))
    for rows in metrics.row_blocks(restored.shape):
        pair = ((255 * (p[rows] - low) / (high - low)) for p in (picture.pixels, restored))
        original, decoded = (scaled.clip(0, 255).astype(np.float32) for scaled in pair)
        known = ~picture.is_missing[rows]
        sums[rows[0]] += np.square(original - decoded)[known].sum(dtype=np.float64)
        counts[rows[0]] += np.count_nonzero(known)
    means: list[float] = (sums / np.maximum(counts, 1)).tolist()
    return means


PSNR = Quality("dB", metrics.mse, metrics.psnr)
SSIMULACRA2 = Quality("in SSIMULACRA2", metrics.ssimulacra2)
