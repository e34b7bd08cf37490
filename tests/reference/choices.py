"""docs/FORMAT.md, section 8, "Choices"."""

from types import SimpleNamespace as Fields
from typing import Any

import numpy as np
from reference.container import Reader, inflate

IS_EXCHANGED, HAS_PALETTE = 1, 2
IS_FIXED, HAS_LIMITS, HAS_TABLE = 1, 2, 4


class Choices:
    """What is coded: `order` of the bands, and their `coded` limits, steps and lattices."""

    def __init__(self, block: bytes, ranges: list[Any]) -> None:
        reader, self.palette = Reader(block), None
        flags, count = (reader.take(1)[0] if block else 0), len(ranges)
        self.order = [*range(count)]
        self.order[:2] = self.order[:2][:: -1 if flags & IS_EXCHANGED else 1]
        if flags & HAS_PALETTE:
            self.palette = read_palette(reader, count)
            self.coded = [coded(0, len(self.palette) - 1)]
        else:
            self.bands = [read_band(reader, r) for r in ranges]
            self.coded = [self.bands[band] for band in self.order]

    def values_of(self, known: Any) -> Any:
        """Values (B, frames, height, width), by band, of what was coded in its order."""
        if self.palette is not None:
            known = np.moveaxis(self.palette[known[0]], 3, 0)
        else:
            tables = [band.table for band in self.coded]
            known = [k if t is None else t[k] for k, t in zip(known, tables, strict=True)]
        return np.stack([known[self.order.index(band)] for band in range(len(known))])


def coded(low: int, high: int, step: int = 1, is_fixed: bool = False, table: Any = None) -> Any:
    return Fields(low=low, high=high, step=step, is_fixed=is_fixed, table=table)


def read_band(reader: Reader, r: Any) -> Any:
    flags, low, high = (reader.take(1)[0] if reader.rest else 0), r.low, r.high
    if flags == HAS_TABLE:
        values = np.cumsum(read_numbers(reader, 1) + 1) - 1 + low
        return coded(0, len(values) - 1, table=values)
    if flags & HAS_LIMITS:
        low += reader.number()
        high = low + reader.number()
    return coded(low, high, r.step, bool(flags & IS_FIXED))


def read_palette(reader: Reader, bands: int) -> Any:
    """Colours (n, B), in the order of coding."""
    numbers = read_numbers(reader, bands).reshape(-1, bands)
    return np.cumsum(numbers >> 1 ^ -(numbers & 1), axis=0)


def read_numbers(reader: Reader, bands: int) -> Any:
    """The numbers of a table or a palette."""
    count, _size, stream = reader.number() + 1, reader.number(), reader.block()
    numbers = Reader(bytes(inflate(stream)))
    return np.array([numbers.number() for _ in range(count * bands)])
