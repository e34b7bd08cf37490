"""Makes payloads of any symbols, even those that no encoder writes, and changes their bytes."""

from __future__ import annotations

import random
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from aecodec.arrays import Codes, Int32
from aecodec.entropy import coding, message_length
from aecodec.entropy.prior import Prior
from aecodec.entropy.range_coder import TABLE_TOTAL, PythonEncoder, Table
from aecodec.entropy.slices import SliceTables, group_by_row
from aecodec.entropy.spatial_context import CodingPass, Grid
from fuzz.mutations.bytes import mutated_bytes

_RAW_BYTE = Table([TABLE_TOTAL // 256] * 256)
_RAW_ZERO = 1 << 15
_ENDS = (-32768, -129, -128, 127, 128, 32767)

Draw = Callable[[Table, random.Random], int]
"""Draws a symbol of a table."""


def _likely(table: Table, rng: random.Random) -> int:
    return bisect_right(table.cumulative, rng.randrange(TABLE_TOTAL)) - 1


def _any(table: Table, rng: random.Random) -> int:
    return rng.choice(_possible(table))


def _extreme(table: Table, rng: random.Random) -> int:
    symbols = _possible(table)
    return rng.choice((symbols[0], symbols[-1]))


def _possible(table: Table) -> list[int]:
    return [symbol for symbol, frequency in enumerate(table.frequencies) if frequency]


def _rarely_escaped(table: Table, rng: random.Random) -> int:
    return _extreme(table, rng) if rng.random() < 0.03 else _likely(table, rng)


_STYLES: tuple[Draw, ...] = (_likely, _rarely_escaped, _rarely_escaped, _any, _extreme)


@dataclass(frozen=True)
class SymbolWriter:
    """Writes drawn symbols as docs/FORMAT.md, section 4, orders them.

    It does not check them: it also escapes values that have a column, and writes codes that no
    latent has.

    Attributes:
        prior: prior of the vectors.
        draw: draws a symbol.
        rng: randomness for `draw`.
        encoder: encodes the symbols.
    """

    prior: Prior
    draw: Draw
    rng: random.Random
    encoder: PythonEncoder

    def write(self, count: int, grid: Grid | None) -> bytes:
        """Write the symbols of all vectors, and return the message."""
        codes = np.zeros((count, self.prior.code_dimension), np.int16)
        for one in coding.passes(self.prior, count, grid):
            codes[one.members] = self._write_pass(one, codes)
        per_byte = message_length.GRID_VECTORS_PER_BYTE if grid else message_length.VECTORS_PER_BYTE
        return self.encoder.finish().ljust(-(-count // per_byte), b"\0")

    def _write_pass(self, one: CodingPass, codes: Codes) -> Codes:
        prior, count = self.prior, len(one.members)
        selected = np.zeros(count, np.int32)
        if prior.index_table:
            selected = self._write(count, prior.index_table)
        state = SliceTables(prior, selected, coding.spatial_context(prior, one, codes))
        in_order = np.empty((prior.code_dimension, count), np.int32)
        for step in prior.steps:
            in_order[step.places] = self._write_slice(*state.tables(step))
            state.update(step, in_order[step.places])
        return in_order.take(prior.place_of, axis=0).T.astype(np.int16)

    def _write_slice(self, rows: Int32, first: Int32) -> Int32:
        drawn = np.empty(rows.size, np.int32)
        order, runs = group_by_row(rows)
        for row, run in runs:
            table = self.prior.tables[row]
            drawn[order[run]] = self._write(run.stop - run.start, table)
        symbols = self.prior.columns_of_coder(drawn.reshape(rows.shape), rows) + first
        for place in zip(*np.nonzero(symbols - first == self.prior.escape), strict=True):
            symbols[place] = self._write_escaped(int(first[place]))
        return symbols

    def _write(self, count: int, table: Table) -> Int32:
        symbols = np.array([self.draw(table, self.rng) for _ in range(count)], np.int32)
        self.encoder.encode(symbols, table)
        return symbols

    def _write_escaped(self, first: int) -> int:
        """Write a value: any code, one at the ends of what is possible, or one with a column."""
        of_columns = first + self.rng.randrange(self.prior.symbols)
        any_code = self.rng.randint(-128, 127)
        value = self.rng.choice((any_code, any_code, of_columns, self.rng.choice(_ENDS)))
        value = min(max(value, -32768), 32767)
        raw = divmod(value + _RAW_ZERO, 256)
        self.encoder.encode(np.array(raw, np.int32), _RAW_BYTE)
        return value


def encoded_payload(prior: Prior, count: int, grid: Grid | None, rng: random.Random) -> bytes:
    """The message of random codes: small ones, large ones, or ones that no latent has."""
    most = rng.choice((1, 3, 20, 128, 300))
    shape = (count, prior.code_dimension)
    codes = np.random.default_rng(rng.getrandbits(32)).integers(-most, most, shape)
    return coding.encode(prior, codes.astype(np.int16), grid)


def any_payload(prior: Prior, count: int, grid: Grid | None, rng: random.Random) -> bytes:
    """A payload of drawn symbols, of codes, or at random, and changed in two of three cases.

    Args:
        prior: prior of the vectors.
        count: their number.
        grid: where they lie in pictures; None for vectors without neighbours.
        rng: draws the payload.
    """
    if rng.random() < 0.1:
        return rng.randbytes(rng.randint(0, 4 * count + 60))
    if rng.random() < 0.2:
        made = encoded_payload(prior, count, grid, rng)
    else:
        made = SymbolWriter(prior, rng.choice(_STYLES), rng, PythonEncoder()).write(count, grid)
    return made if rng.random() < 0.4 else mutated_bytes(made, rng)
