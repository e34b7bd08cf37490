"""docs/FORMAT.md, section 8: refinements."""

import zlib
from bisect import bisect_right
from math import isqrt
from typing import Any

import numpy as np
from reference.codec_file import RESIDUALS, Codec, read_residual_networks
from reference.container import Reader, require
from reference.entropy import RangeDecoder, segments

CAUSAL = (0, -1), (-1, 0), (-1, -1), (-1, 1), (0, -2), (-2, 0), (-2, -1), (-2, 1), (-1, -2), (-1, 2)
AROUND = (0, -1), (-1, 0), (0, 1), (1, 0), (-1, -1), (-1, 1), (1, -1), (1, 1)
BETWEEN = (0, -1), (-1, 0), (-1, -1), (-1, 1), (0, 1), (1, 0)
MANTISSAS = [round(2 ** (15 - n / 16)) for n in range(16)]


def refine(codec: Codec, r: Any, samples: Any, missing: Any) -> Any:
    """The samples (F, H, W, B) after a refinement; `missing` is None or (F, H, W, 1 or B)."""
    dtype, bands, refined = samples.dtype, samples.shape[3], np.empty_like(samples)
    require(len(r.bounds) in (1, bands), "the number of bounds")
    require(bool(r.is_float) == (dtype.kind == "f"), "bounds of floats")
    require(not r.is_root or (dtype.kind != "f" and dtype.itemsize <= 2), "square roots")
    networks = read_residual_networks(codec.section(RESIDUALS, bool(r.has_base), r.networks))
    require(len(networks) >= min(bands, 3), "residual networks for fewer bands")
    crc = zlib.crc32(samples.tobytes()).to_bytes(4, "little")
    require(not r.has_base or crc == r.crc, "the CRC-32 of the samples")
    values = [Values(dtype, r, *r.bounds[band % len(r.bounds)]) for band in range(bands)]
    parts = segments(samples.shape[:3], 256)
    messages = Reader(r.messages).messages([0] * len(parts))
    for part, message in zip(parts, messages, strict=True):
        base = [value.of(samples[(*part, b)]) * bool(r.has_base) for b, value in enumerate(values)]
        absent = np.broadcast_to(missing is not None and missing[part], samples[part].shape)
        known = decode_segment(message, networks, values, np.stack(base), absent, r.has_base)
        for band, value in enumerate(values):
            refined[(*part, band)] = value.to_samples(known[band])
    return refined


class Values:
    """Section 8, "Values" of a band."""

    def __init__(self, dtype: Any, r: Any, error: float, unit: float) -> None:
        self.dtype, self.unit, self.is_root = dtype, unit, r.is_root
        self.step = 1 if r.is_float or r.is_root else 2 * int(error) + 1
        top: int = 1 << (8 * dtype.itemsize - 1)
        self.low, self.high = (-top, top - 1) if not unit else (1 - 2**31, 2**31 - 1)
        if not r.is_float:
            self.low, self.high = int(np.iinfo(dtype).min), int(np.iinfo(dtype).max)
        if r.is_root:
            under, negative = points(int(error), -self.low)
            over, positive = points(int(error), self.high)
            self.low, self.high = 1 - len(under), len(over) - 1
            self.first = np.array([1 - u for u in under[:0:-1]] + over[1:])
            self.points = np.array([-p for p in negative[:0:-1]] + positive)

    def of(self, x: Any) -> Any:
        if self.dtype.kind == "f" and self.unit:
            with np.errstate(all="ignore"):  # NaN and infinity
                multiples = np.nan_to_num(np.rint(x.astype(float) / self.unit))
            return np.clip(multiples, self.low, self.high).astype(int)
        if self.dtype.kind == "f":
            bits = x.view(f"<i{self.dtype.itemsize}").astype(int)
            return np.where(bits < 0, bits ^ self.high, bits)
        x = x.astype(int)
        return np.searchsorted(self.first, x, "right") + self.low if self.is_root else x

    def to_samples(self, v: Any) -> Any:
        if self.dtype.kind == "f" and self.unit:
            most = float(np.finfo(self.dtype).max)
            with np.errstate(over="ignore"):
                return np.clip(v * self.unit, -most, most).astype(self.dtype)
        if self.dtype.kind == "f":
            bits = np.where(v < 0, v ^ self.high, v).astype(f"<i{self.dtype.itemsize}")
            return bits.view(self.dtype)
        return (self.points[v - self.low] if self.is_root else v).astype(self.dtype)


def points(f: int, top: int) -> tuple[list[int], list[int]]:
    """Section 8, "Bounds relative to the square root": u and p of one side of zero."""
    u, p = [0], [0]
    for x in range(1, top + 1):
        error = isqrt((f * f * x) >> 16)
        if x - error > p[-1]:
            u.append(x)
            p.append(min(x + error, top))
    return u, p


def decode_segment(
    message: bytes, networks: Any, values: list[Values], base: Any, missing: Any, has_base: int
) -> Any:
    """Section 8, "The order of coding": the values (B, F, height, width) of a segment."""
    decoder, known, (height, width) = RangeDecoder(message), base.copy(), base.shape[2:]
    for band, value in enumerate(values):
        network = networks[min(band, len(networks) - 1)]
        for time in range(width + 3 * (height - 1)):
            y = np.arange(max(0, (time - width) // 3 + 1), min(height - 1, time // 3) + 1)
            x = time - 3 * y
            if len(y):
                context = context_of(known, base, has_base, band, value.step, y, x)
                centre, *tables = tables_of(network, value, *context)
                shape, is_coded = network.shape.tolist(), ~missing[:, y, x, band].ravel()
                rows = zip(is_coded, *(field.tolist() for field in tables), strict=True)
                q = [decode_steps(decoder, shape, *row) if coded else 0 for coded, *row in rows]
                new = np.clip(centre + value.step * np.array(q), value.low, value.high)
                known[band][:, y, x] = new.reshape(-1, len(y))
    decoder.check_end(0)
    return known


def context_of(known: Any, base: Any, has_base: int, band: int, step: int, y: Any, x: Any) -> Any:
    """Section 8, "The context of a sample": the reference, the exponent and the inputs."""
    height, width = known.shape[2:]

    def near(values: Any, dy: int, dx: int) -> Any:
        return values[:, np.clip(y + dy, 0, height - 1), np.clip(x + dx, 0, width - 1)].ravel()

    def neighbour(dy: int, dx: int) -> Any:
        row, column = np.maximum(y + dy, 0), np.where((y == 0) & (dy < 0), x - 1, x + dx)
        row = np.where((column < 0) & (row == y) & (y > 0), y - 1, row)
        values = known[band][:, row, np.clip(column, 0, width - 1)]
        return np.where((y == 0) & (x == 0), base[band][:, :1, 0], values).ravel()

    neighbours = np.stack([neighbour(*place) for place in CAUSAL])
    w, n, nw = neighbours[:3]
    c = np.clip(w + n - nw, np.minimum(w, n), np.maximum(w, n))
    c = near(base[band], 0, 0) if has_base else c
    a = np.abs(neighbours[:6] - c).sum(axis=0) // 6 + 1
    differences = [*(neighbours - c)]
    differences += [near(base[band], *place) - c for place in AROUND if has_base]
    for other in range(max(0, band - 2), band):
        m = near(known[other], 0, 0)
        differences += [near(known[other], *place) - m for place in BETWEEN]
        differences += [m - near(base[other], 0, 0)] if has_base else []
    k = bits(a) - 1
    inputs = [(difference * 32) >> k for difference in differences]
    inputs += [4 * (log8(a) - 64), 4 * (log8(np.array(step)) - log8(a))]
    return c, k, np.clip(np.stack(inputs, axis=1), -127, 127)


def tables_of(network: Any, value: Values, c: Any, k: Any, inputs: Any) -> tuple[Any, ...]:
    """Section 8, "The residual network" and "Symbols": centre, r, offset, least, most."""
    units = np.clip((inputs @ network.hidden.T + network.bias) >> 10, 0, 768)
    m, scale = (units @ network.outputs.T + network.output_bias).T
    mean = 256 * c + (((m + 4 * (inputs @ network.direct)) >> 7 << k) >> 4)
    centre, s = np.clip((mean + 128) >> 8, value.low, value.high), value.step
    r = np.clip((scale >> 15) + 16 * k - 2 * log8(np.array(s)), -96, 528)
    offset = np.clip((256 * centre - mean) // s, -(2**44), 2**44)
    least, most = -((centre - value.low + s // 2) // s), (value.high - centre + s // 2) // s
    return centre, r, offset, least, most


def decode_steps(decoder: Any, shape: Any, r: int, offset: int, least: int, most: int) -> int:
    """Section 8, "Symbols": the number of steps q from the centre of a sample to its value."""
    j = max(0, (r >> 4) - 5)
    first, last = max(-511, least >> j), min(511, most >> j)

    def cumulative(p: int) -> int:
        if p <= first or p > last:
            return 0 if p <= first else 1 << 24
        z = 4 * (256 * (p << j) - 128 + offset) * MANTISSAS[r % 16] >> (15 + (r >> 4))
        at, rest = divmod(min(abs(z), 16383), 32)
        f = shape[at] + ((shape[at + 1] - shape[at]) * rest >> 5)
        f = f if z >= 0 else (1 << 24) - f
        return (f * ((1 << 24) - (last - first + 1)) >> 24) + p - first

    p = bisect_right(range(first, last + 1), decoder.quantile(), key=cumulative) + first - 1
    decoder.narrow(cumulative(p), cumulative(p + 1) - cumulative(p))
    if abs(p) == 511:
        excess = raw_bits(decoder, size := raw_bits(decoder, 6))
        require(excess.bit_length() == size, "the bits of an excess")
        p += excess if p > 0 else -excess
    q = (p << j) + raw_bits(decoder, j)
    require(least <= q <= most, "a value out of range")
    return q


def raw_bits(decoder: RangeDecoder, count: int) -> int:
    """Section 8: bits as symbols of equal frequencies, up to 16 at a time."""
    size, number = min(count, 16), 0
    if size:
        number = decoder.quantile() >> (24 - size)
        decoder.narrow(number << (24 - size), 1 << (24 - size))
    return number if count <= 16 else number << (count - 16) | raw_bits(decoder, count - 16)


def bits(n: Any) -> Any:
    return np.frexp(n.astype(float))[1].astype(int)


def log8(n: Any) -> Any:
    e = bits(n) - 1
    return 8 * (e - 1) + ((8 * n) >> e)
