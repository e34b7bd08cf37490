"""docs/FORMAT.md, section 3: the codec file."""

import struct
from functools import cache
from types import SimpleNamespace as Fields
from typing import Any

import numpy as np
from reference.container import inflate

DECODER, TABLES, BANDS, PRIMER = 2, 3, 4, 5
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
    t.first_step = 128 if flags & 8 else 8
    shapes: Any = {"table": (p, k), "offset": (p, k), "bias": (p, h), "output_shift": (k, 2)}
    shapes |= {"spatial_weights": (2, h, k), "spatial_bias": (2, h), "gradient_shift": (2, -1)}
    shapes |= {"gradient_weights": (2, min(k, 64), -1)}
    for n, array in enumerate(ARRAYS.split()):
        name, dtype = array.split(":")
        offset, size = struct.unpack_from("<II", content, 32 + 8 * n)
        values = np.frombuffer(content[offset : offset + size], np.dtype(dtype).newbyteorder("<"))
        values = values if name == "rows" else values.astype(int)
        setattr(t, name, values.reshape(shapes.get(name, -1) if size else -1))
    t.by_difference, t.input_shift = t.input_shift & 8, t.input_shift & 7
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
