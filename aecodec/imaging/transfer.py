"""Conversion of samples of any type to the 8-bit channels of networks, and back.

Each band has limits, and a table that maps values 0 to V = 255 P to 0..65535. A sample is low +
(high - low) * table[value] / 65535, rounded as the type of the samples needs. Values with more than
8 bits become several 8-bit channels, the phases: phase k of a value v is (v + k) div P, so the sum
of all P phases is v.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from aecodec.base.arrays import Float64, Pixels, Values
from aecodec.base.errors import ImageError
from aecodec.format.arrays import MAX_RANGE

PHASES = (1, 2, 4, 8)
SCALE = 65535
Samples = npt.NDArray[Any]
"""(F, H, W, B) of a type of :class:`aecodec.format.arrays.SampleType`, in native byte order."""


@dataclass(frozen=True, eq=False)
class Transfer:
    """The transfer functions of a codec's bands, which the library checks as it opens the codec.

    Attributes:
        limits: (B, 2) float64, the lowest and the highest sample of each band.
        tables: (B, V + 1) uint16, ascending from 0 to 65535.
    """

    limits: Float64
    tables: npt.NDArray[np.uint16]

    def limits_of(self, dtype: np.dtype[Any], limits: Float64 | None = None) -> Float64:
        """:func:`rounded_limits` of a codec or file; ImageError if a band has no samples."""
        unrounded = self.limits if limits is None else limits
        fitted = rounded_limits(unrounded, dtype)
        for band, (least, most) in enumerate(fitted.tolist()):
            if least >= most or (dtype.kind != "f" and most - least > MAX_RANGE):
                low, high = unrounded[band]
                raise ImageError(
                    f"the limits of band {band + 1} in the codec are {low:g} and {high:g}: either "
                    f"{dtype.name} has no values between them, or they differ by more than "
                    f"{MAX_RANGE}; convert the samples to float32, or train a codec on pictures "
                    f"with {dtype.name} samples"
                )
        return fitted

    def levels(self, dtype: np.dtype[Any]) -> Samples:
        fitted = self.limits_of(dtype)
        low, high = fitted[:, :1], fitted[:, 1:]
        if dtype.kind == "f":
            return (low + (high - low) * (self.tables / np.float64(SCALE))).astype(dtype)
        ranges = 2 * (high - low).astype(np.int64)
        return (low.astype(np.int64) + (ranges * self.tables + SCALE) // (2 * SCALE)).astype(dtype)

    def to_values(self, samples: Samples) -> Values:
        """Convert samples (F, H, W, B) to the values with the nearest unrounded samples.

        Ties go to the lower value, and samples outside the limits to the nearest limit. The value
        for NaN is undefined. Raises ImageError like :meth:`limits_of`.
        """
        values = np.empty(samples.shape, np.uint16)
        for band, (low, high) in enumerate(self.limits_of(samples.dtype)):
            for frame in range(len(samples)):
                plane = samples[frame, ..., band]
                values[frame, ..., band] = _values_of(plane, self.tables[band], low, high)
        return values


def rounded_limits(limits: Float64, dtype: np.dtype[Any]) -> Float64:
    """Limits (B, 2) clipped to the range of a type, and for integers rounded outwards."""
    if dtype.kind == "f":
        return limits.clip(float(np.finfo(dtype).min), float(np.finfo(dtype).max))
    outwards = np.stack([np.floor(limits[:, 0]), np.ceil(limits[:, 1])], axis=1)
    return outwards.clip(np.iinfo(dtype).min, np.iinfo(dtype).max)


def _values_of(
    plane: Samples, table: npt.NDArray[np.uint16], low: float, high: float
) -> npt.NDArray[np.uint16]:
    """The values of a plane; they count the means of neighbouring entries below each sample."""
    entries, first = np.unique(table, return_index=True)
    sums = entries[1:].astype(np.int64) + entries[:-1]
    if plane.dtype.kind != "f":
        places = np.searchsorted(
            int(high - low) * sums, 2 * SCALE * (plane.astype(np.int64) - int(low))
        )
    else:
        levels = low + (high - low) * (entries / np.float64(SCALE))
        places = np.searchsorted((levels[1:] + levels[:-1]) / 2, plane)
    return first.astype(np.uint16)[places]


def to_phases(values: Values, phases: int) -> Pixels:
    """Split values (F, H, W, B) from 0 to 255 P into P phases.

    Returns (F, H, W, B * P) uint8; channel b * P + k is phase k of band b.

    >>> to_phases(np.array([[[[0, 5, 1020]]]], np.uint16), 4).tolist()
    [[[[0, 0, 0, 0, 1, 1, 1, 2, 255, 255, 255, 255]]]]
    """
    channels = (values[..., None] + np.arange(phases, dtype=np.uint16)) // np.uint16(phases)
    return channels.astype(np.uint8).reshape(*values.shape[:-1], -1)


def from_phases(channels: Pixels, phases: int) -> Values:
    """Sum the phases (F, H, W, B * P) uint8 to values (F, H, W, B)."""
    parts = channels.reshape(*channels.shape[:-1], -1, phases)
    values: Values = parts.sum(axis=-1, dtype=np.uint16)
    return values
