"""docs/FORMAT.md, section 8, "Choices"."""

from itertools import pairwise
from types import SimpleNamespace as Fields
from typing import Any

import numpy as np
from reference.container import Reader, inflate, require

IS_EXCHANGED, HAS_PALETTE = 1, 2
IS_FIXED, HAS_LIMITS, HAS_TABLE = 1, 2, 4


class Choices:
    """What is coded: `order` of the bands, and their `coded` limits, steps and lattices."""

    def __init__(self, block: bytes, ranges: list[Any], has_base: bool, has_mask: bool) -> None:
        reader, self.palette = Reader(block), None
        flags, count = (reader.take(1)[0] if block else 0), len(ranges)
        require(flags < 4 and (count > 1 or not flags & IS_EXCHANGED), "the flags of choices")
        self.order = [*range(count)]
        self.order[:2] = self.order[:2][:: -1 if flags & IS_EXCHANGED else 1]
        if flags & HAS_PALETTE:
            is_lossless = 2 <= count <= 4 and all(r.step == 1 for r in ranges)
            require(is_lossless and not has_base and not has_mask, "a palette")
            self.palette = read_palette(reader, [ranges[band] for band in self.order])
            self.coded = [coded(0, len(self.palette) - 1)]
        else:
            self.bands = [read_band(reader, r, has_base) for r in ranges]
            self.coded = [self.bands[band] for band in self.order]
        require(not reader.rest, "bytes after choices")

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


def read_band(reader: Reader, r: Any, has_base: bool) -> Any:
    flags, low, high = (reader.take(1)[0] if reader.rest else 0), r.low, r.high
    if flags == HAS_TABLE:
        require(not has_base, "a table")
        numbers = read_numbers(reader, 1, 65536)
        values = np.cumsum(numbers + 1) - 1 + low
        require(values[-1] <= high, "the values of a table")
        return coded(0, len(values) - 1, table=values)
    require(flags <= IS_FIXED | HAS_LIMITS, "the flags of a band")
    if flags & HAS_LIMITS:
        low += reader.number()
        high = low + reader.number()
        require(high <= r.high, "the limits of a band")
    return coded(low, high, r.step, bool(flags & IS_FIXED))


def read_palette(reader: Reader, ranges: list[Any]) -> Any:
    """Colours (n, B), in the order of coding."""
    numbers = read_numbers(reader, len(ranges), 1024).reshape(-1, len(ranges))
    colours = np.cumsum(numbers >> 1 ^ -(numbers & 1), axis=0)
    rows, ends = colours.tolist(), np.array([(r.low, r.high) for r in ranges])
    require(all(a < b for a, b in pairwise(rows)), "the order of colours")
    require(((ends[:, 0] <= colours) & (colours <= ends[:, 1])).all(), "the values of colours")
    return colours


def read_numbers(reader: Reader, bands: int, most: int) -> Any:
    """The numbers of a table or a palette."""
    count, size, stream = reader.number() + 1, reader.number(), reader.block()
    require(2 <= count <= most and size <= 5 * count * bands, "the size of a table")
    numbers = Reader(bytes(inflate(stream, size)))
    values = np.array([numbers.number() for _ in range(count * bands)])
    require(not numbers.rest, "bytes after a table")
    return values
