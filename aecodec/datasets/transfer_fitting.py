"""Fit the limits, curves and phases of a codec's transfer to training samples.

At equal rates, the squared error of samples is proportional to the mean of the curve's squared
slopes, divided by their geometric mean. The loss of a curve is this ratio, times the increase in
error from rounding to values, for a codec with 50 dB.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from aecodec.base.arrays import Float32, Float64
from aecodec.base.errors import ImageError
from aecodec.format.arrays import MAX_RANGE
from aecodec.imaging.picture import Picture
from aecodec.imaging.transfer import SCALE, Samples, Transfer

_FINE_ERROR = 1e-5
"""Squared error at 50 dB, relative to the squared range."""

_BELOW, _ABOVE = 0.1, 0.5
"""Shares of the range that the limits leave for samples of other pictures."""

_ORDINARY = 0.1, 99.9
"""Percentiles of the ends of a band's range."""

_ACCEPTED_LOSS = 1.023
"""Accepted loss from fewer phases: 0.1 dB."""

_PHASES = (4, 8)
"""Numbers of phases; kernels in int8 limit the PSNR even for samples with 8 bits."""

_KNEES = (0.25, 0.5, 1.0, 2.0)
"""Distances from the median, relative to the range, at which asinh begins to bend."""

_MOST_LEVELS = 1000
"""Bands that are nearly constant have a range of at least their span divided by this."""

_MOST_INSPECTED = 200_000
"""Approximate number of samples per band that are inspected, beyond their extremes."""

_LARGEST_RATIO = 4.0
"""Bands with a range smaller than the widest by more than this factor get a larger weight."""


@dataclass(frozen=True, eq=False)
class FittedTransfer:
    """The transfer of a codec, and the weights of its bands.

    Values are 0 to 255 P for P phases. Errors of samples are relative to the `ranges` (B,).
    """

    transfer: Transfer
    phases: int
    ranges: Float64

    @property
    def weights(self) -> Float32:
        """(B, V + 1) weights in 0..1 that turn errors of values into those of samples."""
        table = self.transfer.tables.astype(np.float64) / SCALE
        spans = np.diff(self.transfer.limits)
        slopes = np.gradient(table, axis=1) * (table.shape[1] - 1) * spans / self.ranges[:, None]
        return np.asarray(slopes**2, np.float32)


def fit_to_scenes(scenes: Sequence[Picture]) -> FittedTransfer:
    bands = range(scenes[0].pixels.shape[-1])
    return fit_transfer(
        [np.concatenate([scene.known(band).ravel() for scene in scenes]) for band in bands]
    )


def fit_transfer(bands: Sequence[Samples]) -> FittedTransfer:
    """Fit the transfer to the known samples (n,) of each band, all of one type.

    Raises ImageError if a band has no samples or is constant, or the range of integers exceeds
    65535.
    """
    limits = np.array([_limits(band, number) for number, band in enumerate(bands, 1)], np.float64)
    bands = [band[:: -(-len(band) // _MOST_INSPECTED)] for band in bands]
    ranges = _ranges(bands)
    several = _PHASES if bands[0].dtype.itemsize > 1 else _PHASES[:1]
    *coarser, (finest, least) = [_fitted(bands, limits, ranges, phases) for phases in several]
    return next((fitted for fitted, loss in coarser if loss < _ACCEPTED_LOSS * least), finest)


def _fitted(
    bands: Sequence[Samples], limits: Float64, ranges: Float64, phases: int
) -> tuple[FittedTransfer, float]:
    losses, tables = [], []
    for band, ends, width in zip(bands, limits, ranges, strict=True):
        curves = list(_curves(band, ends, 255 * phases))
        losses_of_curves = [_loss(band, curve, width) for curve in curves]
        losses.append(min(losses_of_curves))
        tables.append(_table(curves[int(np.argmin(losses_of_curves))]))
    return FittedTransfer(Transfer(limits, np.stack(tables)), phases, ranges), max(losses)


def _limits(band: Samples, number: int) -> tuple[float, float]:
    """Limits with a margin. Integers that are never negative keep their sign."""
    if not band.size:
        raise ImageError(f"all training samples of band {number} are missing: remove this band")
    least, most = float(band.min()), float(band.max())
    if least == most:
        raise ImageError(f"all training samples of band {number} are {least:g}: remove this band")
    if band.dtype.itemsize == 1:
        return float(np.iinfo(band.dtype).min), float(np.iinfo(band.dtype).max)
    low, high = np.percentile(band, _ORDINARY)
    margin = max(high - low, (most - least) / _MOST_LEVELS)
    lower, upper = least - _BELOW * margin, most + _ABOVE * margin
    if band.dtype.kind == "f":
        return lower, upper
    if most - least > MAX_RANGE:
        raise ImageError(
            f"band {number} contains integers from {least:g} to {most:g}, but their range must not "
            f"exceed {MAX_RANGE}: convert the samples to float32"
        )
    information = np.iinfo(band.dtype)
    lower = max(np.floor(lower), 0 if least >= 0 else information.min)
    return lower, min(np.ceil(upper), information.max, lower + MAX_RANGE)


def _ranges(bands: Sequence[Samples]) -> Float64:
    """Ranges to which errors are relative: that of the widest band, less for narrow bands."""
    ends = np.array([np.percentile(band, _ORDINARY) for band in bands])
    ranges = np.maximum(np.diff(ends)[:, 0], 1e-6 * np.abs(ends).max())
    return np.minimum(ranges.max(), _LARGEST_RATIO * ranges)


def _curves(band: Samples, ends: tuple[float, float], most: int) -> Iterator[Float64]:
    """The samples at the `most` + 1 values of linear, quadratic, exponential and sinh curves."""
    low, high = ends
    yield np.linspace(low, high, most + 1)
    if band.dtype.itemsize == 1:
        return
    width = np.subtract(*np.percentile(band, _ORDINARY[::-1])) or high - low
    yield low + (high - low) * np.linspace(0, 1, most + 1) ** 2
    knee = width / 20
    yield low + knee * np.expm1(np.linspace(0, np.log1p((high - low) / knee), most + 1))
    middle = float(np.median(band))
    for knee in width * np.array(_KNEES):
        first, last = np.arcsinh((np.array(ends) - middle) / knee)
        yield middle + knee * np.sinh(np.linspace(first, last, most + 1))


def _loss(band: Samples, samples: Float64, width: float) -> float:
    places = np.interp(band, samples, np.arange(len(samples)))
    slopes = np.interp(places, np.arange(len(samples)), np.gradient(samples)) ** 2
    rounding = float(slopes.mean()) / 12 / (_FINE_ERROR * width**2)
    return (1 + rounding) * float(slopes.mean() / np.exp(np.log(slopes).mean()))


def _table(samples: Float64) -> npt.NDArray[np.uint16]:
    shares = (samples - samples[0]) / (samples[-1] - samples[0])
    return np.rint(shares * SCALE).astype(np.uint16)
