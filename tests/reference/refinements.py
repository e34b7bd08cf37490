"""docs/FORMAT.md, section 8: refinements, and the values of samples."""

from math import isnan, isqrt
from typing import Any

import numpy as np
from reference.adaptive import decode_segment
from reference.choices import Choices
from reference.entropy import segments


def refine(r: Any, samples: Any, missing: Any, nodata: Any, codec: Any) -> Any:
    """The samples (F, H, W, B) after a refinement; `missing` is None or (F, H, W, 1 or B)."""
    dtype, bands, refined = samples.dtype, samples.shape[3], np.empty_like(samples)
    bounds = [(dtype, r.is_root, *r.bounds[band % len(r.bounds)]) for band in range(bands)]
    values = [WithGap(*b, nodata) if r.has_gap and b[2] else Values(*b) for b in bounds]
    choices = Choices(r.choices, values)
    primer = primer_values(codec, choices) if r.is_primed else None
    parts = segments(samples.shape[:3], 256)
    for part, message in zip(parts, r.messages, strict=True):
        shape, base = samples[part].shape, None
        if r.has_base:
            base = [values[band].of(samples[(*part, band)]).tolist() for band in choices.order]
        absent = np.broadcast_to(missing is not None and missing[part], shape)
        absent = np.moveaxis(absent, 3, 0)[choices.order]
        coded = decode_segment(message, choices.coded, base, absent, primer)
        known = choices.values_of(np.array(coded))
        for band, value in enumerate(values):
            refined[(*part, band)] = value.to_samples(known[band])
    return refined


def primer_values(codec: Any, choices: Choices) -> Any:
    """Values (B, F, H, W) of the primer in the order of coding, within the limits."""
    planes = np.moveaxis(codec.primer().astype(int), 1, 0)[choices.order]
    return np.stack([p.clip(b.low, b.high) for p, b in zip(planes, choices.coded, strict=True)])


class Values:
    """Section 8, "Values" of a band: its range `low` to `high`, and its `step`."""

    def __init__(self, dtype: Any, is_root: int, error: float, unit: float, offset: int) -> None:
        self.dtype, self.unit, self.offset, self.is_root = dtype, unit, offset, is_root
        self.is_float, self.is_wide = dtype.kind == "f", dtype.kind != "f" and dtype.itemsize == 8
        info: Any = np.finfo(dtype) if self.is_float else np.iinfo(dtype)
        self.least, self.most = info.min, info.max
        self.step = 1 if self.is_float or unit or is_root else 2 * int(error) + 1
        top: int = 1 << (8 * min(dtype.itemsize, 4) - 1)
        self.low, self.high = (1 - 2**31, 2**31 - 1) if unit else (-top, top - 1)
        if dtype.kind == "u" and dtype.itemsize < 4:
            self.low, self.high = 0, 2 * top - 1
        if dtype == np.uint64:
            self.offset %= 2**64
        if self.is_wide and not unit:
            self.low = max(-(2**31), int(self.least) - self.offset)
            self.high = min(2**31 - 1, int(self.most) - self.offset)
        if is_root:
            self.set_points(int(error))

    def set_points(self, factor: int) -> None:
        under, negative = points(factor, -int(self.least))
        over, positive = points(factor, int(self.most))
        self.low, self.high = 1 - len(under), len(over) - 1
        self.first = np.array([1 - u for u in under[:0:-1]] + over[1:])
        self.points = np.array([-p for p in negative[:0:-1]] + positive)

    def of(self, x: Any) -> Any:
        """Values of samples."""
        if self.unit or self.is_wide:
            values = [self.value(number) for number in x.ravel().tolist()]
            return np.array(values).reshape(x.shape)
        if self.is_float:
            bits = x.view(f"<i{self.dtype.itemsize}").astype(int)
            return np.where(bits < 0, bits ^ self.high, bits)
        x = x.astype(int)
        if self.is_root:
            return np.searchsorted(self.first, x, "right") + self.low
        return x - 2**31 if self.dtype == np.uint32 else x

    def value(self, x: Any) -> int:
        """The value of a float with a unit, or of an integer of 64 bits."""
        if self.is_float:
            with np.errstate(all="ignore"):  # NaN and infinity
                quotient = float(np.float64(x) / self.unit)
            number = 0 if isnan(quotient) else round(min(max(quotient, -(2.0**62)), 2.0**62))
        else:
            unit = int(self.unit) or 1
            whole = abs(x) // unit + (abs(x) % unit > unit // 2)
            number = whole if x >= 0 else -whole
        return min(max(wrapped(number - self.offset), self.low), self.high)

    def to_samples(self, v: Any) -> Any:
        """Samples of values."""
        if self.unit or self.is_wide:
            numbers = [self.sample(value) for value in v.ravel().tolist()]
            return np.array(numbers, self.dtype).reshape(v.shape)
        if self.is_float:
            bits = np.where(v < 0, v ^ self.high, v).astype(f"<i{self.dtype.itemsize}")
            return bits.view(self.dtype)
        if self.dtype == np.uint32:
            v = v + 2**31
        return (self.points[v - self.low] if self.is_root else v).astype(self.dtype)

    def sample(self, v: int) -> Any:
        """The sample of a value of a float with a unit, or of an integer of 64 bits."""
        number: Any = wrapped(v + self.offset)
        if self.dtype.kind == "u":
            number %= 2**64
        number *= self.unit if self.is_float else int(self.unit) or 1
        return min(max(number, type(number)(self.least)), type(number)(self.most))


class WithGap(Values):
    """Section 8, "The gap at nodata", if nodata is a sample of a value."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments[:-1])
        self.nodata, self.beside, self.gap = arguments[-1], beside(arguments[-1]), 2**32
        gap = super().of(np.array([self.nodata]))
        if super().to_samples(gap)[0] == self.nodata:
            self.gap, self.high = int(gap[0]), min(self.high + 1, 2**31 - 1)

    def of(self, x: Any) -> Any:
        values = super().of(x)
        return np.minimum(values + (x > self.nodata), self.high) if self.gap < 2**32 else values

    def to_samples(self, v: Any) -> Any:
        known = super().to_samples(v - (v > self.gap))
        return np.select([v == self.gap, v == self.gap + 1], self.beside, known)


def beside(nodata: Any) -> Any:
    """The samples next to nodata; infinite, or nodata itself, beyond the type."""
    if nodata.dtype.kind == "f":
        return [np.nextafter(nodata, nodata.dtype.type(end)) for end in (-np.inf, np.inf)]
    info = np.iinfo(nodata.dtype)
    ends = max(int(nodata) - 1, info.min), min(int(nodata) + 1, info.max)
    return [nodata.dtype.type(end) for end in ends]


def wrapped(number: int) -> int:
    """A number modulo 2^64, from -2^63 to 2^63 - 1."""
    return (number + 2**63) % 2**64 - 2**63


def points(f: int, top: int) -> tuple[list[int], list[int]]:
    """Section 8, "Bounds relative to the square root": u and p of one side of zero."""
    u, p = [0], [0]
    for x in range(1, top + 1):
        error = isqrt((f * f * x) >> 16)
        if x - error > p[-1]:
            u.append(x)
            p.append(min(x + error, top))
    return u, p
