"""docs/FORMAT.md, section 3: the codec file; and docs/PLAN.md: its networks."""

import struct
from functools import cache
from types import SimpleNamespace as Fields
from typing import Any

import numpy as np
from reference.container import inflate

DECODER, TABLES, BANDS, PRIMER = 2, 3, 4, 5
CONVOLUTION, SUM, DEPTH_TO_SPACE, SPACE_TO_DEPTH = 1, 3, 8, 9
ARRAYS = (
    "prior_numbers:u2 index:u2 rows:u2,u1,u1 bank:u2 costs:u2 prior_costs:u2 table:u1 offset:i1"
    " order:u2 input_shift:u1 degree:u2 weights:i1 unit_shift:u1 bias:i1 output_weights:i1"
    " output_shift:u1 centre:i1 spatial_weights:i1 spatial_bias:i1 gradient_weights:i1"
    " gradient_shift:u1"
)


class Codec:
    """Section 3: the head of a codec file, and the sections that the file has."""

    def __init__(self, data: bytes) -> None:
        (count,) = struct.unpack_from("<H", data, 6)
        self.tile = struct.unpack_from("<HH", data, 16)
        self.channels, levels, self.default_level, self.phases = data[20:24]
        self.receptive_field, self.latents, self.vectors, name = struct.unpack_from("<4H", data, 24)
        self.identity, self.sections, at = data[32:64], list[Any](), 64 + 8 * levels
        self.levels = [struct.unpack_from("<HHBB", data, 64 + 8 * n) for n in range(levels)]
        start, stop, _, self.has_gains = self.levels[0]
        gains = levels * (stop - start) * self.has_gains
        self.gains = np.frombuffer(data, "<i2", gains, at).reshape(levels, -1).astype(int)
        at += 2 * gains + name
        for entry in range(at, at + 48 * count, 48):
            kind, level, size, offset = struct.unpack_from("<BBxxI32xI", data, entry)
            content = data[offset : offset + size] if offset else b""
            self.sections.append((kind, level, content))

    def section(self, kind: int, level: int = 0) -> bytes:
        """The first section of a kind and a level that the file has."""
        return next(c for *place, c in self.sections if place == [kind, level] and c)

    def primer(self) -> Any:
        """Section 3, "The primer": samples (frames, bands, height, width)."""
        content = self.section(PRIMER)
        kind, bands, frames, height, width = struct.unpack_from("<BBHHH", content)
        dtype = np.dtype(("u1", "i1", "<u2", "<i2")[kind])
        return inflate(content[8:]).view(dtype).reshape(frames, bands, height, width)

    def level(self, sixteenths: int) -> Any:
        """Section 6: a level in sixteenths; `factors` (K,) are None without gains."""
        number, s = divmod(sixteenths, 16)
        start, stop, multiple, _ = self.levels[number - 1]
        factors = None
        if self.has_gains:
            low, high = self.gains[number - 1], self.gains[min(number, len(self.levels) - 1)]
            factors = np.rint(2.0 ** (15 + ((16 - s) * low + s * high) // 16 / 256)).astype(int)
        tables = read_tables(self.section(TABLES, number + (s >= 8)))
        return Fields(start=start, stop=stop, multiple=multiple, factors=factors, tables=tables)


@cache
def read_tables(content: bytes) -> Any:
    """Section 3, "The tables of a level"."""
    k, p, _, h, rows, first, s, flags = struct.unpack_from("<5HhBB", content)
    t = Fields(channels=k, first=first, has_context=flags & 1, has_spatial=flags & 2)
    shapes: Any = {"table": (p, k), "offset": (p, k), "bias": (p, h), "output_shift": (k, 2)}
    shapes |= {"spatial_weights": (2, h, k), "spatial_bias": (2, h), "gradient_shift": (2, -1)}
    shapes |= {"gradient_weights": (2, min(k, 64), -1)}
    for n, array in enumerate(ARRAYS.split()):
        name, dtype = array.split(":")
        offset, size = struct.unpack_from("<II", content, 32 + 8 * n)
        values = np.frombuffer(content[offset : offset + size], np.dtype(dtype).newbyteorder("<"))
        values = values if name == "rows" else values.astype(int)
        setattr(t, name, values.reshape(shapes.get(name, -1) if size else -1))
    bank = np.full((rows, s + 1), 0 if flags & 4 else 1)
    for row, (at, start, count) in zip(bank, t.rows.tolist(), strict=True):
        row[start : start + count], row[s] = t.bank[at : at + count], t.bank[at + count]
    t.bank, t.index_sums = bank, [0, *np.cumsum(t.index).tolist()]
    t.sums = np.pad(np.cumsum(bank, axis=1), ((0, 0), (1, 0))).tolist()
    weights, outputs, at, out = np.zeros((k, h)), np.zeros((2, h, k)), 0, 0
    for unit, degree in enumerate(np.minimum(t.degree, k)):
        weights[:degree, unit] = t.weights[at : at + degree]
        stored = t.output_weights[out : out + 2 * (k - degree)]
        outputs[:, unit, degree:] = stored.reshape(-1, 2).T
        at, out = at + degree, out + len(stored)
    t.weights, t.output_weights = weights, outputs
    return t


@cache
class Network:
    """A plan, with the operators that built-in and golden codecs decode with."""

    def __init__(self, plan: bytes) -> None:
        self.plan, words = plan, struct.unpack_from("<12I", plan)
        self.sides, (self.entry, self.exit), end = words[6:8], words[10:], 64 + 32 * words[3]
        self.tensors = [struct.unpack_from("<8xIIiIi", plan, at) for at in range(64, end, 32)]
        places = range(end, end + 64 * words[4], 64)
        self.operators = [struct.unpack_from("<I4HI12i", plan, at) for at in places]

    def run(self, pictures: Any) -> Any:
        """Run int8 pictures (N, rows, columns, channels), or (N, elements) if sides are fixed."""
        rows, columns = self.sides if any(self.sides) else pictures.shape[1:3]
        shapes = [
            (rows * (y & 0xFFFF) // (y >> 16) + up, columns * (x & 0xFFFF) // (x >> 16) + left, c)
            for c, y, up, x, left in self.tensors
        ]
        values = {self.entry: pictures.reshape(-1, *shapes[self.entry]).astype(int)}
        for kind, *numbers in self.operators:
            inputs = [values[number] for number in numbers[:4] if number != 0xFFFF]
            result = self.operate(kind, inputs, numbers[5:], shape := shapes[numbers[4]])
            values[numbers[4]] = result.reshape(-1, *shape)
        return values[self.exit]

    def operate(self, kind: int, inputs: list[Any], p: list[int], shape: Any) -> Any:
        """Section "Operators": the elements of an output."""
        x, (n, rows, columns, channels) = inputs[0], inputs[0].shape
        if kind == CONVOLUTION:
            return self.convolution(x, p, shape)
        if kind == SUM:
            (zero_a, zero_b, zero, _), (least, most, _, _) = signed_bytes(p)[:2]
            a, b = (x - zero_a) << 20, (inputs[1] - zero_b) << 20
            total = scaled(scaled(a, p[2], p[3]) + scaled(b, p[4], p[5]), p[6], p[7])
            return np.clip(total + zero, least, most)
        if kind == DEPTH_TO_SPACE:
            x = x.reshape(n, rows, columns, p[0], p[0], channels // p[0] ** 2)
        elif kind == SPACE_TO_DEPTH:
            x = x.reshape(n, rows // p[0], p[0], columns // p[0], p[0], channels)
        else:  # a copy
            return x
        return x.transpose(0, 1, 3, 2, 4, 5)

    def convolution(self, x: Any, p: list[int], shape: Any) -> Any:
        """Sections "Weights" and "Scaling". Sums in float64 are exact."""
        (height, width), (down, across), (top, left) = ((n & 0xFFFF, n >> 16) for n in p[:3])
        (zero, zero_out, least, most), (rows, columns, channels) = signed_bytes(p)[5], shape
        below = max(0, (rows - 1) * down + height - top - x.shape[1])
        right = max(0, (columns - 1) * across + width - left - x.shape[2])
        x = np.pad(x, ((0, 0), (top, below), (left, right), (0, 0)), constant_values=zero)
        windows = np.lib.stride_tricks.sliding_window_view(x, (height, width), axis=(1, 2))
        windows = windows[:, ::down, ::across][:, :rows, :columns].transpose(0, 1, 2, 4, 5, 3)
        weights = self.weights(p[3], height, width * x.shape[3], channels)
        scaling = np.frombuffer(self.plan, "<i4", 3 * (-(-channels // 4) * 4), p[4]).astype(int)
        bias, multiplier, shift = scaling.reshape(3, -1)[:, :channels]
        sums = windows.reshape(-1, weights.shape[1]).astype(float) @ weights.T
        sums = sums.astype(int) + bias
        once = (sums * multiplier + (1 << (30 - shift))) >> (31 - shift)
        result = once if p[7] & 1 else scaled(sums, multiplier, shift)
        return np.clip(result + zero_out, least, most)

    @cache  # noqa: B019
    def weights(self, offset: int, height: int, length: int, outputs: int) -> Any:
        """Section "Weights": (outputs, height * length)."""
        groups, blocks = -(-length // 4), []
        for start in range(0, outputs, 16):
            count = min(16, -(-(outputs - start) // 4) * 4)
            block = np.frombuffer(self.plan, np.int8, height * groups * count * 4, offset)
            offset += block.size
            block = block.reshape(height, groups, count, 4).transpose(2, 0, 1, 3)
            blocks.append(block.reshape(count, height, -1)[:, :, :length].reshape(count, -1))
        return np.concatenate(blocks)[:outputs].astype(float)


def scaled(x: Any, multiplier: Any, shift: Any) -> Any:
    """Section "Scaling", steps 1 to 3."""
    high = ((x << np.maximum(shift, 0)) * multiplier + (1 << 30)) >> 31
    right = np.maximum(-shift, 0)
    return (high + (1 << right >> 1) - ((high < 0) & (right > 0))) >> right


def signed_bytes(words: list[int]) -> Any:
    return np.array(words, "<i4").view(np.int8).reshape(-1, 4).astype(int)
