"""Conversion of samples of any type to the 8-bit channels of networks, and back.

Each band has limits, and a table that maps values 0 to V = 255 P to 0..65535. A sample is low +
(high - low) * table[value] / 65535, rounded as the type of the samples needs. Curves, such as a
logarithm, are only in the table, so that decoding is exact.

Values with more than 8 bits become several 8-bit channels, the phases: phase k of a value v is
(v + k) div P, and the P phases sum to v. A codec thus has int8 networks, but P times finer samples.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from aecodec.arrays import Float64, Pixels, Values
from aecodec.errors import ImageError
from aecodec.format.samples import MAX_RANGE

PHASES = (1, 2, 4, 8)
"""Numbers of phases that a codec may have."""


SCALE = 65535
"""The last entry of every table."""

_CELLS = 1 << 17
"""Cells per band in which floats are looked up; about two per step of a table."""

Samples = npt.NDArray[Any]
"""(F, H, W, B) of a type of :class:`aecodec.format.samples.SampleType`, in native byte order."""


@dataclass(frozen=True, eq=False)
class Transfer:
    """The transfer functions of a codec's bands.

    Attributes:
        limits: (B, 2) float64, the lowest and the highest sample of each band.
        tables: (B, V + 1) uint16, ascending from 0 to 65535.

    Raises:
        ValueError: limits or tables are not valid.

    >>> transfer = linear([(0, 1000)], phases=4)
    >>> values, clipped = transfer.to_values(np.array([[[[-7], [500], [1000]]]], np.int16))
    >>> values.ravel().tolist(), clipped.tolist()
    ([0, 510, 1020], [1])
    >>> transfer.to_samples(values, np.dtype("int16")).ravel().tolist()
    [0, 500, 1000]
    """

    limits: Float64
    tables: npt.NDArray[np.uint16]

    def __post_init__(self) -> None:
        if self.limits.dtype != np.float64 or self.tables.dtype != np.uint16:
            raise ValueError("limits or tables have a wrong type")
        if self.tables.ndim != 2 or self.limits.shape != (len(self.tables), 2):
            raise ValueError("limits or tables have a wrong shape")
        if not np.isfinite(self.limits).all() or (self.limits[:, 0] >= self.limits[:, 1]).any():
            raise ValueError("limits are not finite, or not in ascending order")
        ends = self.tables[:, [0, -1]]
        if (ends != (0, SCALE)).any() or (self.tables[:, 1:] < self.tables[:, :-1]).any():
            raise ValueError("tables do not ascend from 0 to 65535")

    def limits_of(self, dtype: np.dtype[Any], limits: Float64 | None = None) -> Float64:
        """:func:`rounded_limits` of the codec or the file for samples of a type.

        Raises ImageError if the type cannot represent samples between the limits of a band.
        """
        unrounded = self.limits if limits is None else limits
        fitted = rounded_limits(unrounded, dtype)
        for band, (least, most) in enumerate(fitted.tolist()):
            if least >= most or (dtype.kind != "f" and most - least > MAX_RANGE):
                low, high = unrounded[band]
                raise ImageError(
                    f"the codec has the limits {low:g} to {high:g} for band {band + 1}, "
                    f"and {dtype.name} cannot hold samples between them, or they differ by "
                    f"more than {MAX_RANGE}: convert the samples to float32, or train a codec on "
                    "pictures with such samples"
                )
        return fitted

    def levels(self, dtype: np.dtype[Any], limits: Float64 | None = None) -> Samples:
        """The samples (B, V + 1) of all values."""
        fitted = self.limits_of(dtype, limits)
        low, high = fitted[:, :1], fitted[:, 1:]
        if dtype.kind == "f":
            return (low + (high - low) * (self.tables / np.float64(SCALE))).astype(dtype)
        ranges = 2 * (high - low).astype(np.int64)
        return (low.astype(np.int64) + (ranges * self.tables + SCALE) // (2 * SCALE)).astype(dtype)

    def to_values(
        self,
        samples: Samples,
        limits: Float64 | None = None,
        missing: npt.NDArray[np.bool_] | None = None,
    ) -> tuple[Values, npt.NDArray[np.int64]]:
        """Convert samples (F, H, W, B) to the values with the nearest unrounded samples.

        Ties go to the lower value; NaN get an undefined value. The limits (B, 2) of the file
        replace the codec's. Missing samples (F, H, W, 1 or B) are not counted.

        Returns values (F, H, W, B), and the number of samples per band outside the limits, which
        were clipped. Raises ImageError if the type cannot represent samples between the limits.
        """
        levels, fitted = self.levels(samples.dtype, limits), self.limits_of(samples.dtype, limits)
        values = np.empty(samples.shape, np.uint16)
        clipped = np.zeros(samples.shape[-1], np.int64)
        for band, (low, high) in enumerate(fitted):
            lookup = _lookup_of(self.tables[band], samples.dtype, low, high)
            least, most = levels[band, [0, -1]]
            for frame in range(len(samples)):
                plane = samples[frame, ..., band]
                values[frame, ..., band] = lookup(plane)
                is_outside = (plane < least) | (plane > most)
                if missing is not None:
                    is_outside &= ~missing[frame, ..., band % missing.shape[-1]]
                clipped[band] += np.count_nonzero(is_outside)
        return values, clipped

    def to_samples(
        self, values: Values, dtype: np.dtype[Any], limits: Float64 | None = None
    ) -> Samples:
        """Convert values (F, H, W, B) to samples of a type.

        Raises ImageError if the type cannot represent samples between the limits.
        """
        samples = np.empty(values.shape, dtype.newbyteorder("="))
        for band, levels in enumerate(self.levels(samples.dtype, limits)):
            for frame in range(len(values)):
                samples[frame, ..., band] = levels[values[frame, ..., band]]
        return samples


def rounded_limits(limits: Float64, dtype: np.dtype[Any]) -> Float64:
    """Limits (B, 2) clipped to the range of a type, and rounded outwards if it is an integer type.

    >>> rounded_limits(np.array([(-0.5, 300.2), (0.5, 2.5)]), np.dtype("uint8")).tolist()
    [[0.0, 255.0], [0.0, 3.0]]
    """
    if dtype.kind == "f":
        return limits.clip(float(np.finfo(dtype).min), float(np.finfo(dtype).max))
    outwards = np.stack([np.floor(limits[:, 0]), np.ceil(limits[:, 1])], axis=1)
    return outwards.clip(np.iinfo(dtype).min, np.iinfo(dtype).max)


def linear(limits: npt.ArrayLike, phases: int = 1) -> Transfer:
    """A transfer of bands with limits (B, 2), whose values are evenly spaced.

    >>> linear([(0, 1), (0, 2)]).tables.shape
    (2, 256)
    """
    pairs = np.asarray(limits, np.float64)
    table = np.rint(np.linspace(0, SCALE, 255 * phases + 1)).astype(np.uint16)
    return Transfer(pairs, np.tile(table, (len(pairs), 1)))


Lookup = Callable[[npt.NDArray[Any]], npt.NDArray[np.uint16]]
"""Maps the samples of a plane to values."""


def _lookup_of(
    table: npt.NDArray[np.uint16], kind: np.dtype[Any], low: float, high: float
) -> Lookup:
    """The lookup of a band; it counts the means of neighbouring entries that are below a sample."""
    entries, first = np.unique(table, return_index=True)
    values = first.astype(np.uint16)
    if kind.kind != "f":
        return _integer_lookup(entries.astype(np.int64), values, kind, int(low), int(high))
    levels = low + (high - low) * (entries / np.float64(SCALE))
    thresholds = _round_down((levels[1:] + levels[:-1]) / 2, kind)
    if kind.itemsize == 2:
        bits = np.arange(1 << 16, dtype=np.uint16)
        by_bits = values[np.searchsorted(thresholds, bits.view(kind))]
        return lambda plane: by_bits[plane.view(np.uint16)]
    return _float_lookup(thresholds, values, low, high)


def _integer_lookup(
    entries: npt.NDArray[np.int64], values: Values, kind: np.dtype[Any], low: int, high: int
) -> Lookup:
    """A lookup in a table over all samples of the type, or all between the limits for int32."""
    is_short = kind.itemsize <= 2
    start, stop = (np.iinfo(kind).min, np.iinfo(kind).max) if is_short else (low, high)
    sums = (high - low) * (entries[1:] + entries[:-1])
    by_sample = values[np.searchsorted(sums, 2 * SCALE * (np.arange(start, stop + 1) - low))]
    if not is_short:
        return lambda plane: by_sample[plane.clip(low, high) - low]
    by_bits, unsigned = np.roll(by_sample, start), np.dtype(f"u{kind.itemsize}")
    return lambda plane: by_bits[plane.view(unsigned)]


def _round_down(numbers: Float64, kind: np.dtype[Any]) -> npt.NDArray[Any]:
    """Round to numbers of a type that are not larger, so that comparisons give the same result."""
    rounded = numbers.astype(kind)
    return np.where(rounded > numbers, np.nextafter(rounded, kind.type(-np.inf)), rounded)


def _float_lookup(
    thresholds: npt.NDArray[np.float32], values: Values, low: float, high: float
) -> Lookup:
    """A lookup by cells of equal width: it counts the thresholds below each sample.

    Cells ascend with samples, so thresholds in lower cells are below a sample. Only thresholds in
    the cell of the sample are compared with it.
    """
    offset, scale = np.float32(low), np.float32(min(_CELLS / (high - low), 3e38))

    def cells_of(samples: npt.NDArray[Any]) -> npt.NDArray[np.int32]:
        with np.errstate(all="ignore"):
            cells = (samples - offset) * scale
        return np.fmin(np.fmax(cells, 0, out=cells), _CELLS - 1, out=cells).astype(np.int32)

    counts = np.bincount(cells_of(thresholds), minlength=_CELLS)
    below = (np.cumsum(counts) - counts).astype(np.uint16)
    ends = np.append(thresholds, np.float32(np.inf))

    def lookup(plane: npt.NDArray[Any]) -> npt.NDArray[np.uint16]:
        numbers = below[cells_of(plane)]
        for _ in range(int(counts.max(initial=0))):
            numbers += plane > ends[numbers]
        return values[numbers]

    return lookup


def to_phases(values: Values, phases: int) -> Pixels:
    """Split values (F, H, W, B) from 0 to 255 P into P phases.

    Returns (F, H, W, B * P) uint8; channel b * P + k is phase k of band b.

    >>> to_phases(np.array([[[[0, 5, 1020]]]], np.uint16), 4).tolist()
    [[[[0, 0, 0, 0, 1, 1, 1, 2, 255, 255, 255, 255]]]]
    """
    channels = np.empty((*values.shape, phases), np.uint8)
    shift = phases.bit_length() - 1
    for phase in range(phases):
        np.right_shift(values + np.uint16(phase), shift, out=channels[..., phase], casting="unsafe")
    return channels.reshape(*values.shape[:-1], -1)


def from_phases(channels: Pixels, phases: int) -> Values:
    """Sum the phases (F, H, W, B * P) uint8 to values (F, H, W, B).

    >>> values = np.arange(256 * 4 - 3, dtype=np.uint16).reshape(1, 1, -1, 1)
    >>> bool((from_phases(to_phases(values, 4), 4) == values).all())
    True
    """
    if phases == 1:
        return channels.astype(np.uint16)
    parts = channels.reshape(*channels.shape[:-1], -1, phases)
    values = parts[..., 0].astype(np.uint16)
    for phase in range(1, phases):
        values += parts[..., phase]
    return values
