"""Competing priors: integer tables under which code vectors are entropy-coded.

A prior of P tables per channel is a choice between P static distributions of the whole code
vector. For each vector the encoder takes the one under which index + symbols cost fewest bits
and sends the index, entropy-coded itself, before the symbols. The idea is published: B.
Brummer and C. De Vleeschouwer, "End-to-end optimized image compression with competition of
prior distributions", 2021.

The P x K distributions share a small bank of T tables: each is a bank table moved by a whole
number of symbols. So 64 priors over 64 channels take a few kilobytes, on a microcontroller too.

A prior may have a context network (:mod:`aecodec.context`): then its table for a channel is a
first guess, which the network moves once it knows the channels before.

Every decision is made on integers, so that every machine and every implementation makes the
same one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from aecodec import rangecoder
from aecodec.competition import COST_UNITS, choose, integer_cost
from aecodec.context import POSITIONS, Context
from aecodec.errors import CodecError, FormatError
from aecodec.neighbours import Codes, Grid, Part, Surroundings, parts_of
from aecodec.sweep import Columns, Indices, Located, Sweep, by_row, located
from aecodec.symbols import Given, Symbols

VECTORS_PER_BYTE = 4
"""A message has at least one byte for so many vectors, so that a short file cannot claim a
picture of any size."""

VECTORS_IN_GRID_PER_BYTE = 64
"""Likewise where vectors know their neighbours, and cost next to nothing in an even picture."""

_MOST_ALONE = 1 << 14
"""Vectors that stand alone in a part."""

MAX_TABLES = 1 << 16

MAX_CODE_DIMENSION = 2000
"""Up to here the cost of a vector is exact in float32, whatever its symbols."""

_ESCAPE_BITS = 16
_RAW_BYTE = rangecoder.Table([rangecoder.TABLE_TOTAL // 256] * 256)
_RAW_ZERO = 1 << 15


@dataclass(frozen=True, eq=False)
class Prior:
    """P competing distributions over code vectors of K symbols.

    Attributes:
        bank: (T, S + 1) uint16, each row the frequencies of S neighbouring symbols and of the
            escape (last), of 65536 in all.
        first: the symbol of column 0, before the offset is added.
        table: (P, K) uint16, which row of the bank a channel uses under each prior.
        offset: (P, K) int16, added to the symbols of that row.
        index: (P,) uint16, the frequencies of the priors themselves, of 65536 in all;
            with P = 1 no index is sent, and `index` is [0].
        context: what moves those tables, if anything. Then row 8 * s + m of the bank has shape s,
            m eighths of a symbol further up than row 8 * s.
        candidates: the priors, ascending, among which an encoder chooses; all if None. Whatever it
            chooses, every decoder reads it.

    Raises:
        CodecError: shapes or numbers that do not fit together.

    >>> prior = Prior(np.array([[1, 65533, 1, 1]]), -1, np.zeros((1, 5)), np.zeros((1, 5)), [0])
    >>> codes = np.array([[0, 0, 1, 0, -300]], np.int16)
    >>> prior.decode(prior.encode(codes), 1).tolist()
    [[0, 0, 1, 0, -300]]
    """

    bank: npt.NDArray[np.uint16]
    first: int
    table: npt.NDArray[np.uint16]
    offset: npt.NDArray[np.int16]
    index: npt.NDArray[np.uint16]
    context: Context | None = None
    candidates: npt.NDArray[np.uint16] | None = None

    def __post_init__(self) -> None:
        for name, dtype in DTYPES.items():
            object.__setattr__(self, name, np.asarray(getattr(self, name), dtype))
        shapes_fit = (
            self.bank.ndim == self.table.ndim == 2
            and len(self.bank) <= MAX_TABLES
            and self.index.shape == (len(self.table),)
            and self.offset.shape == self.table.shape
        )
        if not shapes_fit or self.table.size == 0 or self.table.max() >= len(self.bank):
            raise CodecError("the codec's prior tables do not fit together: export it again")
        if self.code_dimension > MAX_CODE_DIMENSION:
            raise CodecError(f"codes have {MAX_CODE_DIMENSION} channels at most")
        if not (_are_tables(self.bank) and (self.priors == 1 or _are_tables(self.index[None]))):
            raise CodecError("the codec's prior tables are damaged: export it again")
        if self.context and not self._context_fits(self.context):
            raise CodecError("the codec's context network fits other tables: export it again")

    def _context_fits(self, network: Context) -> bool:
        shape = (len(network.bias), len(network.input_shift))
        return shape == self.table.shape and len(self.bank) % POSITIONS == 0

    @property
    def priors(self) -> int:
        """P."""
        return int(self.table.shape[0])

    @property
    def code_dimension(self) -> int:
        """K."""
        return int(self.table.shape[1])

    @property
    def symbols(self) -> int:
        """S, the symbols that a table holds beside the escape."""
        return int(self.bank.shape[1]) - 1

    @cached_property
    def order(self) -> list[int]:
        """The channels, in the order in which they are coded."""
        return self.context.order.tolist() if self.context else list(range(self.code_dimension))

    @cached_property
    def slices(self) -> list[slice]:
        """Runs of places in the order whose tables are all known before the first is coded."""
        return self.context.slices if self.context else [slice(0, self.code_dimension)]

    def held(self, columns: Columns) -> Columns:
        """Columns of a table, changed to the escape's where it has none."""
        columns[(columns < 0) | (columns >= self.symbols)] = self.symbols
        return columns

    @cached_property
    def tables(self) -> list[rangecoder.Table]:
        """The bank, ready for the range coder."""
        return [rangecoder.Table(row) for row in self.bank]

    @cached_property
    def index_table(self) -> rangecoder.Table | None:
        """The table of the prior indices; None when there is nothing to choose."""
        return rangecoder.Table(self.index) if self.priors > 1 else None

    @cached_property
    def costs(self) -> npt.NDArray[np.int32]:
        """(T, S + 1) cost of each symbol of the bank in 1/256 bit, escapes with their value."""
        costs = integer_cost(self.bank)
        costs[:, -1] += _ESCAPE_BITS * COST_UNITS
        return costs

    @cached_property
    def table_bits(self) -> npt.NDArray[np.float64]:
        """(T, S + 1) the ideal code length of each symbol of the bank, escapes with their value."""
        bits = rangecoder.TABLE_BITS - np.log2(self.bank)
        bits[:, -1] += _ESCAPE_BITS
        return bits

    @cached_property
    def index_costs(self) -> npt.NDArray[np.int32]:
        """(P,) cost of each prior's index in 1/256 bit."""
        return integer_cost(self.index) if self.priors > 1 else np.zeros(1, np.int32)

    def parts(self, count: int, grid: Grid | None) -> list[Part]:
        """The vectors in the order in which they are coded, few enough together to bound memory.

        Args:
            count: N, how many vectors there are.
            grid: where they lie in pictures; None for vectors that stand alone.
        """
        if grid and self.context and self.context.around:
            return parts_of(grid)
        starts = range(0, max(count, 1), _MOST_ALONE)
        return [Part(np.arange(start, min(start + _MOST_ALONE, count))) for start in starts]

    def surroundings(self, part: Part, codes: Codes) -> Surroundings | None:
        """What the context network reads around a part's vectors, if it does and there is any."""
        if self.context is None or self.context.around is None:
            return None
        return part.surroundings(codes, self.context.centre, self.context.led)

    def bits(self, codes: Codes, grid: Grid | None = None) -> npt.NDArray[np.float64]:
        """The ideal code length of each vector (N,), in bits, index and escapes included.

        Args:
            codes: (N, K) integers.
            grid: where the vectors lie in pictures; None for vectors that stand alone.
        """
        bits = np.zeros(len(codes))
        for part, chosen, slices in self.located(Given(codes), grid):
            for _, rows, columns in slices:
                bits[part.members] += self.table_bits[rows, columns].sum(axis=0)
            if self.priors > 1:
                bits[part.members] += rangecoder.TABLE_BITS - np.log2(self.index[chosen])
        return bits

    def located(
        self, symbols: Symbols, grid: Grid | None
    ) -> Iterator[tuple[Part, Indices, Iterator[Located]]]:
        """Parts, the priors that their vectors chose, and where the bank has their slices."""
        for part in self.parts(len(symbols.codes), grid):
            codes, around = symbols.codes[part.members], self.surroundings(part, symbols.codes)
            chosen = choose(self, codes, around)
            symbols_at = symbols.of(self, part.members, codes)
            yield part, chosen, located(self, symbols_at, chosen, around)

    def encode(self, codes: Codes, grid: Grid | None = None) -> bytes:
        """Codes to a message.

        Args:
            codes: (N, K) integers in -32768..32767.
            grid: where the vectors lie in pictures; None for vectors that stand alone.

        Returns:
            The message: at least one byte for 4 vectors, or for 64 in a grid.
        """
        return self.message(Given(codes), grid)

    def message(self, symbols: Symbols, grid: Grid | None = None) -> bytes:
        """As :meth:`encode`, of symbols that may be undecided yet."""
        coder = rangecoder.encoder()
        for _, chosen, slices in self.located(symbols, grid):
            if self.index_table:
                coder.put(chosen, self.index_table)
            for each in slices:
                self._put(coder, *each)
        return coder.seal().ljust(_shortest_message(len(symbols.codes), grid), b"\0")

    def _put(
        self, coder: rangecoder.Encoder, symbols: Codes, rows: npt.NDArray[Any], columns: Columns
    ) -> None:
        order, runs = by_row(rows)
        ordered = columns.ravel()[order]
        for row, run in runs:
            coder.put(ordered[run], self.tables[row])
        escaped = columns == self.symbols
        if escaped.any():
            coder.put(_to_raw(symbols[escaped]), _RAW_BYTE)

    def decode(self, message: bytes, count: int, grid: Grid | None = None) -> Codes:
        """A message to codes.

        Args:
            message: what :meth:`encode` returned.
            count: N, how many vectors it holds.
            grid: where they lie in pictures, as it was encoded.

        Returns:
            (N, K) int16, the very integers that were encoded.

        Raises:
            FormatError: the message is not one that an encoder writes for so many vectors.
        """
        check_length(message, count, grid)
        coder = rangecoder.EchoingDecoder(message)
        codes = np.zeros((count, self.code_dimension), np.int16)
        for part in self.parts(count, grid):
            around = self.surroundings(part, codes)
            codes[part.members] = self._decode_part(coder, len(part.members), around)
        if coder.echo().ljust(_shortest_message(count, grid), b"\0") != message:
            raise FormatError("damaged: the payload does not end where its codes do")
        return codes

    def _decode_part(
        self, coder: rangecoder.Decoder, count: int, surroundings: Surroundings | None
    ) -> Codes:
        chosen = (
            coder.take(count, self.index_table) if self.index_table else np.zeros(count, np.int32)
        )
        by_place = np.empty((self.code_dimension, count), np.int16)
        sweep = Sweep(self, chosen, surroundings)
        for places in self.slices:
            by_place[places] = self._decode_slice(coder, *sweep.tables(places))
            sweep.tell(places, by_place[places])
        return by_place[np.argsort(self.order)].T

    def _decode_slice(
        self, coder: rangecoder.Decoder, rows: npt.NDArray[Any], offset: Columns
    ) -> Codes:
        order, runs = by_row(rows)
        ordered = np.empty(rows.size, np.int32)
        for row, run in runs:
            ordered[run] = coder.take(run.stop - run.start, self.tables[row])
        columns = np.empty(rows.shape, np.int32)
        columns.reshape(-1)[order] = ordered
        symbols = columns + self.first + offset
        escaped = columns == self.symbols
        if escaped.any():
            values = _from_raw(coder.take(2 * int(escaped.sum()), _RAW_BYTE))
            self._check_escaped(values - self.first - offset[escaped])
            symbols[escaped] = values
        return _as_codes(symbols)

    def _check_escaped(self, columns: Columns) -> None:
        if ((columns >= 0) & (columns < self.symbols)).any():
            raise FormatError("damaged: a code is escaped that has a column of its own")


DTYPES: dict[str, type[np.integer[Any]]] = {
    "bank": np.uint16,
    "table": np.uint16,
    "offset": np.int16,
    "index": np.uint16,
}


def _are_tables(rows: npt.NDArray[np.uint16]) -> bool:
    totals = rows.sum(axis=1, dtype=np.int64)
    return bool(rows.all() and (totals == rangecoder.TABLE_TOTAL).all())


def check_length(message: bytes, count: int, grid: Grid | None) -> None:
    """Whether a message is long enough for so many vectors; before anything is allocated.

    Raises:
        FormatError: it is not.
    """
    if len(message) < _shortest_message(count, grid):
        raise FormatError(
            f"damaged: a message of {len(message)} bytes is too short for {count} code vectors"
        )


def _shortest_message(vectors: int, grid: Grid | None) -> int:
    return -(-vectors // (VECTORS_PER_BYTE if grid is None else VECTORS_IN_GRID_PER_BYTE))


def _to_raw(values: Codes) -> rangecoder.Symbols:
    """Escaped values (n,) to their bytes (2n,), high byte first, -32768 as 0."""
    unsigned = values.astype(np.int32) + _RAW_ZERO
    return np.stack([unsigned >> 8, unsigned & 0xFF], axis=1).ravel()


def _from_raw(raw: rangecoder.Symbols) -> Columns:
    pairs = raw.reshape(-1, 2)
    return (pairs[:, 0] << 8 | pairs[:, 1]) - _RAW_ZERO


def _as_codes(symbols: Columns) -> Codes:
    codes = symbols.astype(np.int16)
    if (codes != symbols).any():
        raise FormatError("damaged: a code of more than 16 bits")
    return codes
