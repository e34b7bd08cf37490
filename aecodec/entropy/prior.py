"""The prior of a level: competing distributions of code vectors, as integer tables.

P distributions of the whole code vector compete. For each vector the encoder selects the
distribution with the lowest cost of index and symbols, and codes its index before the symbols (B.
Brummer and C. De Vleeschouwer, "End-to-end optimized image compression with competition of prior
distributions", 2021).

The P x K distributions of single channels share a small bank of T tables: each distribution is a
table of the bank, moved by a whole number of symbols. 64 priors of 64 channels take only a few
kilobytes, so they fit on a microcontroller. With a context network
(:mod:`aecodec.entropy.context_network`) the table of a channel is a first guess, which the network
adapts to known codes.

:mod:`aecodec.entropy.coding` encodes and decodes with these tables.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from aecodec.arrays import Float64, Int32
from aecodec.entropy.context_network import (
    POSITION_BITS,
    POSITIONS,
    ContextNetwork,
    Dtypes,
    Step,
    set_dtypes,
)
from aecodec.entropy.range_coder import TABLE_BITS, TABLE_TOTAL, Table
from aecodec.errors import CodecError

COST_UNITS = 256
"""Costs are integers in 1/256 bit."""

ESCAPE_BITS = 16
"""Number of bits that code the value of an escaped symbol."""


def integer_costs(frequencies: npt.NDArray[Any]) -> Int32:
    """Convert frequencies (1..65535) to costs, rounded to 1/256 bit.

    No frequency is close enough to a tie for the last digits of the logarithm to matter (a test
    checks all of them), so every machine computes the same integers.

    >>> integer_costs(np.array([65535, 32768, 1])).tolist()
    [0, 256, 4096]
    """
    return np.rint(COST_UNITS * ideal_bits(frequencies)).astype(np.int32)


def ideal_bits(frequencies: npt.NDArray[Any]) -> Float64:
    """Convert frequencies to ideal code lengths in bits.

    >>> ideal_bits(np.array([32768])).tolist()
    [1.0]
    """
    return TABLE_BITS - np.log2(frequencies.astype(np.float64))


MAX_TABLES = 1 << 16
MAX_BANK = 1 << 22
"""Largest number of frequencies in all tables together; this bounds time and memory."""

_CODES = range(-(1 << 15), 1 << 15)

MAX_CODE_DIMENSION = 2000
"""Largest number of channels for which float32 can hold the cost of a vector exactly."""


@dataclass(eq=False, repr=False)
class Prior:
    """P competing distributions of code vectors with K channels.

    Attributes:
        bank: (T, S + 1) uint16, each row the frequencies of S consecutive symbols, then of the
            escape, which is at least 1; a row sums to 65536. Symbols with frequency 0 are escaped;
            the others of a row are consecutive.
        first: symbol of column 0, before the offset is added.
        table: (P, K) uint16, row of the bank that a channel uses with each prior.
        offset: (P, K) int16, added to the symbols of that row.
        index: (P,) uint16, frequencies of the priors themselves, which sum to 65536. With P = 1,
            `index` is [0], and no index is coded.
        context: network that adapts the tables; None if they are fixed. With a network, row
            8 * s + m of the bank has shape s, moved by m eighths of a symbol from row 8 * s.
        candidates: priors, ascending, among which an encoder selects; None for all. Decoders read
            all priors.

    Raises:
        CodecError: shapes or numbers do not fit together.

    >>> bank, zeros = np.array([[1, 65533, 1, 1]]), np.zeros((1, 5))
    >>> prior = Prior(bank, -1, zeros, zeros, [0])
    >>> prior.priors, prior.code_dimension, prior.symbols
    (1, 5, 3)
    """

    bank: npt.NDArray[np.uint16]
    first: int
    table: npt.NDArray[np.uint16]
    offset: npt.NDArray[np.int16]
    index: npt.NDArray[np.uint16]
    context: ContextNetwork | None = None
    candidates: npt.NDArray[np.uint16] | None = None

    DTYPES: ClassVar[Dtypes] = {
        "bank": np.uint16,
        "table": np.uint16,
        "offset": np.int16,
        "index": np.uint16,
    }

    def __post_init__(self) -> None:
        set_dtypes(self, self.DTYPES)
        shapes_fit = (
            self.bank.ndim == self.table.ndim == 2
            and len(self.bank) <= MAX_TABLES
            and self.bank.size <= MAX_BANK
            and self.first in _CODES
            and self.index.shape == (len(self.table),)
            and self.offset.shape == self.table.shape
        )
        if not shapes_fit or self.table.size == 0 or self.table.max() >= len(self.bank):
            raise CodecError("the codec's prior tables do not fit together: export it again")
        if self.code_dimension > MAX_CODE_DIMENSION:
            raise CodecError(
                f"the codec's codes have {self.code_dimension} channels; "
                f"at most {MAX_CODE_DIMENSION} are possible"
            )
        index_fits = self.priors == 1 or (self.index.all() and _are_tables(self.index[None]))
        if not (_are_tables(self.bank) and _are_consecutive(self.bank) and index_fits):
            raise CodecError("the codec's prior tables are damaged: export it again")
        if self.context and not self._context_fits(self.context):
            raise CodecError(
                "the codec's context network does not fit its prior tables: export it again"
            )

    def _context_fits(self, network: ContextNetwork) -> bool:
        shape = (len(network.bias), len(network.input_shift))
        return shape == self.table.shape and len(self.bank) % POSITIONS == 0

    @property
    def priors(self) -> int:
        """P, the number of competing distributions."""
        return int(self.table.shape[0])

    @property
    def code_dimension(self) -> int:
        """K, the number of channels."""
        return int(self.table.shape[1])

    @cached_property
    def symbols(self) -> int:
        """S, the number of symbols in a table, without the escape."""
        return int(self.bank.shape[1]) - 1

    @cached_property
    def escape(self) -> npt.NDArray[np.int32]:
        """() column of the escape, S, as an array, which NumPy compares faster."""
        return np.array(self.symbols, np.int32)

    @cached_property
    def order(self) -> npt.NDArray[np.intp]:
        """(K,) the channels in the order of coding."""
        order = self.context.order if self.context else np.arange(self.code_dimension)
        return order.astype(np.intp)

    @cached_property
    def place_of(self) -> npt.NDArray[np.intp]:
        """(K,) place of each channel in the order."""
        return np.argsort(self.order)

    @cached_property
    def slices(self) -> list[slice]:
        """Runs of places in the order; all tables of a run are known before it is coded."""
        return self.context.slices if self.context else [slice(0, self.code_dimension)]

    @cached_property
    def steps(self) -> list[Step]:
        """One step per slice, for codes that become known slice after slice."""
        return self.context.steps if self.context else [self.one_step]

    @cached_property
    def one_step(self) -> Step:
        """All slices in one step, for known codes."""
        if self.context:
            return self.context.one_step
        no_weights = np.zeros((0, 0), np.float32)
        return Step(slice(0, self.code_dimension), slice(0, 0), no_weights, no_weights)

    @property
    def has_spatial_context(self) -> bool:
        """Whether the context network reads the neighbours of a vector."""
        return bool(self.context and self.context.spatial)

    @cached_property
    def rows_in_order(self) -> Int32:
        """(K, P) `table`, with the channels in the order of coding."""
        return self.table.T[self.order].astype(np.int32)

    @cached_property
    def offsets_in_order(self) -> Int32:
        """(K, P) `offset`, with the channels in the order of coding."""
        return self.offset.T[self.order].astype(np.int32)

    @cached_property
    def positions_and_shapes(self) -> Int32:
        """(2, K, P): position and shape of each table before the context network adapts it.

        The position is the symbol of column 0, in eighths. The channels are in the order of coding.
        """
        first = self.offsets_in_order + self.first
        position = (first << POSITION_BITS) + (self.rows_in_order & (POSITIONS - 1))
        return np.stack([position, self.rows_in_order >> POSITION_BITS])

    @cached_property
    def first_rows(self) -> Int32:
        """(T / POSITIONS,) first row of each shape in the bank."""
        return np.arange(0, len(self.bank), POSITIONS, dtype=np.int32)

    @cached_property
    def tables(self) -> list[Table]:
        """The rows of the bank as tables of the range coder, without symbols of frequency 0."""
        return [Table(row[row > 0]) for row in self.bank]

    @cached_property
    def index_table(self) -> Table | None:
        """Table of the prior indices; None with a single prior."""
        return Table(self.index) if self.priors > 1 else None

    @cached_property
    def costs(self) -> Int32:
        """(T, S + 1) cost of each symbol in 1/256 bit; that of an escape includes its value."""
        costs = integer_costs(np.maximum(self.bank, 1))
        costs[:, -1] += ESCAPE_BITS * COST_UNITS
        return np.where(self.bank, costs, costs[:, -1:])

    @cached_property
    def table_bits(self) -> Float64:
        """(T, S + 1) ideal bits of each symbol; the bits of an escape include its value."""
        bits = ideal_bits(np.maximum(self.bank, 1))
        bits[:, -1] += ESCAPE_BITS
        return np.where(self.bank, bits, bits[:, -1:])

    @cached_property
    def index_costs(self) -> Int32:
        """(P,) cost of the index of each prior in 1/256 bit."""
        return integer_costs(self.index) if self.priors > 1 else np.zeros(1, np.int32)

    def columns_of(self, symbols: npt.NDArray[Any]) -> Int32:
        """(P, K, W) columns of symbols (W,) in the tables that are used without context."""
        columns = symbols.astype(np.int32) - self.first - self.offset[..., None]
        return self.clamp_to_escape(columns, self.table[..., None])

    def clamp_to_escape(self, columns: Int32, rows: npt.NDArray[Any]) -> Int32:
        """Replace columns that a row of the bank does not have with the escape, in place.

        The rows have the shape of the columns, or are broadcast to it.
        """
        unsigned = columns.view(np.uint32)  # negative columns become large
        np.minimum(unsigned, self.symbols, out=unsigned)
        if self.has_zeros:
            cells = np.multiply(rows, self.bank.shape[1], dtype=np.int32) + columns
            self._coded_columns.take(cells, out=columns, mode="clip")  # "clip" needs no buffer
        return columns

    def coder_symbols(self, columns: Int32, rows: npt.NDArray[Any]) -> Int32:
        """Convert columns of rows, of one shape, to symbols of their :attr:`tables`."""
        if not self.has_zeros:
            return columns
        first, count = self._coded_spans
        return np.minimum(columns - first.take(rows), count.take(rows))

    def columns_of_coder(self, symbols: Int32, rows: npt.NDArray[Any]) -> Int32:
        """Convert symbols of the tables of rows, of one shape, to columns."""
        if not self.has_zeros:
            return symbols
        first, count = self._coded_spans
        return np.where(symbols < count.take(rows), symbols + first.take(rows), self.escape)

    @cached_property
    def _coded_spans(self) -> Int32:
        """(2, T) first column with a frequency in each row, and number of them; no escapes."""
        has_frequency = self.bank[:, :-1] > 0
        return np.stack([has_frequency.argmax(axis=1), has_frequency.sum(axis=1)]).astype(np.int32)

    @cached_property
    def _coded_columns(self) -> Int32:
        """(T * (S + 1),) each column of each row of the bank, or the escape if its frequency is 0.

        NumPy takes a tenth of the time for one flat index that it takes for two.
        """
        columns = np.arange(self.bank.shape[1], dtype=np.int32)
        return np.where(self.bank, columns, self.escape).ravel()

    @cached_property
    def has_zeros(self) -> bool:
        """Whether rows of the bank do not code all S symbols."""
        return not self.bank.all()


def _are_tables(rows: npt.NDArray[np.uint16]) -> bool:
    totals = rows.sum(axis=1, dtype=np.int64)
    return bool(rows[:, -1].all() and (totals == TABLE_TOTAL).all())


def _are_consecutive(bank: npt.NDArray[np.uint16]) -> bool:
    """Whether the symbols with a frequency are consecutive in each row."""
    padded = np.pad(bank[:, :-1] > 0, [(0, 0), (1, 1)])
    return bool((np.count_nonzero(padded[:, 1:] != padded[:, :-1], axis=1) <= 2).all())
