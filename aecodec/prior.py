"""Competing priors: integer tables under which code vectors are entropy-coded.

A prior of P tables per channel is a choice between P static distributions of the whole code
vector. For each vector the encoder takes the one under which index + symbols cost fewest bits
and sends the index, entropy-coded itself, before the symbols. The idea is published: B.
Brummer and C. De Vleeschouwer, "End-to-end optimized image compression with competition of
prior distributions", 2021.

The P x K distributions share a small bank of T tables: each is a bank table moved by a whole
number of symbols. So 64 priors over 64 channels take a few kilobytes, on a microcontroller too.

Every decision is made on integers, so that every machine and every implementation makes the
same one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import Any

import numpy as np
import numpy.typing as npt

from aecodec import rangecoder
from aecodec.errors import CodecError, FormatError

Codes = npt.NDArray[np.int16]
Columns = npt.NDArray[np.int32]

VECTORS_PER_BYTE = 4
"""A payload has at least one byte for so many vectors, so that a short file cannot claim a
picture of any size."""

MAX_CODE_DIMENSION = 2000
"""Up to here the cost of a vector is exact in float32, whatever its symbols."""

COST_UNITS = 256
"""Costs are integers in 1/256 bit."""

_ESCAPE_BITS = 16
_RAW_BYTE = rangecoder.Table([rangecoder.TABLE_TOTAL // 256] * 256)
_RAW_ZERO = 1 << 15
_BLOCK_ELEMENTS = 1 << 22


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

    def __post_init__(self) -> None:
        for name, dtype in DTYPES.items():
            object.__setattr__(self, name, np.asarray(getattr(self, name), dtype))
        shapes_fit = (
            self.bank.ndim == self.table.ndim == 2
            and self.index.shape == (len(self.table),)
            and self.offset.shape == self.table.shape
        )
        if not shapes_fit or self.table.size == 0 or self.table.max() >= len(self.bank):
            raise CodecError("the codec's prior tables do not fit together: export it again")
        if self.code_dimension > MAX_CODE_DIMENSION:
            raise CodecError(f"codes have {MAX_CODE_DIMENSION} channels at most")
        if not (_are_tables(self.bank) and (self.priors == 1 or _are_tables(self.index[None]))):
            raise CodecError("the codec's prior tables are damaged: export it again")

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
    def index_costs(self) -> npt.NDArray[np.int32]:
        """(P,) cost of each prior's index in 1/256 bit."""
        return integer_cost(self.index) if self.priors > 1 else np.zeros(1, np.int32)

    def choose(self, codes: Codes) -> npt.NDArray[np.int32]:
        """The cheapest prior for each vector; the lowest index among equals.

        Args:
            codes: (N, K) integers.

        Returns:
            (N,) prior indices, 0..P-1.
        """
        if self.priors == 1:
            return np.zeros(len(codes), np.int32)
        low, high = self._window(codes)
        costs = self._costs_of(np.arange(low, high + 1))
        return np.concatenate(
            [
                self._cheapest(one_hot(block, low, costs.shape[-1]), costs)
                for block in _blocks(np.clip(codes, low, high), costs.shape[-1])
            ]
        )

    def _window(self, codes: Codes) -> tuple[int, int]:
        """The lowest and highest symbol worth telling apart: beyond them all are escapes."""
        least = self.first + int(self.offset.min()) - 1
        most = self.first + self.symbols + int(self.offset.max())
        low = min(max(int(codes.min(initial=0)), least), most)
        return low, max(low, min(int(codes.max(initial=0)), most))

    def _cheapest(
        self, hot: npt.NDArray[np.float32], costs: npt.NDArray[np.float32]
    ) -> npt.NDArray[np.int32]:
        """One matrix product tells what every vector costs under every prior, exactly."""
        totals = hot @ costs.reshape(self.priors, -1).T + self.index_costs
        return totals.argmin(axis=1).astype(np.int32)

    def _costs_of(self, symbols: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
        """(P, K, W) cost of each symbol, as floats whose sums over K stay exact integers."""
        columns = symbols - self.first - self.offset[..., None].astype(np.int32)
        columns[(columns < 0) | (columns >= self.symbols)] = self.symbols
        return self.costs[self.table[..., None], columns].astype(np.float32)

    def bits(self, codes: Codes) -> npt.NDArray[np.float64]:
        """The ideal code length of each vector (N,), in bits, index and escapes included."""
        chosen = self.choose(codes)
        columns = self._columns(codes, chosen)
        frequencies = self.bank[self.table[chosen], columns]
        bits = (rangecoder.TABLE_BITS - np.log2(frequencies)).sum(axis=1)
        bits += _ESCAPE_BITS * (columns == self.symbols).sum(axis=1)
        if self.priors > 1:
            bits += rangecoder.TABLE_BITS - np.log2(self.index[chosen])
        return np.asarray(bits, np.float64)

    def encode(self, codes: Codes) -> bytes:
        """Codes to payload.

        Args:
            codes: (N, K) integers in -32768..32767.

        Returns:
            The payload: at least one byte for 4 vectors.
        """
        return self._encode(codes, self.choose(codes))

    def _encode(self, codes: Codes, chosen: npt.NDArray[np.int32]) -> bytes:
        coder = rangecoder.encoder()
        if self.index_table:
            coder.put(chosen, self.index_table)
        order, runs = _by_prior(chosen)
        columns = self._columns(codes, chosen)
        by_channel = np.ascontiguousarray(columns[order].T)
        for prior, start, stop in runs:
            for channel, table in enumerate(self.table[prior].tolist()):
                coder.put(by_channel[channel, start:stop], self.tables[table])
        coder.put(_to_raw(codes[columns == self.symbols]), _RAW_BYTE)
        return coder.seal().ljust(_shortest_payload(len(codes)), b"\0")

    def decode(self, payload: bytes, count: int) -> Codes:
        """Payload to codes.

        Args:
            payload: what :meth:`encode` returned.
            count: N, how many vectors it holds.

        Returns:
            (N, K) int16, the very integers that were encoded.

        Raises:
            FormatError: the payload is not one that an encoder writes for so many vectors.
        """
        if len(payload) < _shortest_payload(count):
            raise FormatError(
                f"damaged: a payload of {len(payload)} bytes is too short for {count} code vectors"
            )
        chosen, codes = self._decode(rangecoder.decoder(payload), count)
        if self._encode(codes, chosen) != payload:
            raise FormatError("damaged: the payload does not end where its codes do")
        return codes

    def _decode(self, coder: rangecoder.Decoder, count: int) -> tuple[npt.NDArray[np.int32], Codes]:
        chosen = (
            coder.take(count, self.index_table) if self.index_table else np.zeros(count, np.int32)
        )
        order, runs = _by_prior(chosen)
        by_channel = np.empty((self.code_dimension, count), np.int32)
        for prior, start, stop in runs:
            for channel, table in enumerate(self.table[prior].tolist()):
                by_channel[channel, start:stop] = coder.take(stop - start, self.tables[table])
        columns = np.empty((count, self.code_dimension), np.int32)
        columns[order] = by_channel.T
        codes = (columns + self.first + self.offset[chosen]).astype(np.int16)
        escaped = columns == self.symbols
        codes[escaped] = _from_raw(coder.take(2 * int(escaped.sum()), _RAW_BYTE))
        return chosen, codes

    def _columns(self, codes: Codes, chosen: npt.NDArray[np.int32]) -> Columns:
        """(N, K) columns of the bank; those of symbols outside a table are the escape's."""
        columns = codes.astype(np.int32) - self.first - self.offset[chosen]
        columns[(columns < 0) | (columns >= self.symbols)] = self.symbols
        return columns


DTYPES: dict[str, type[np.integer[Any]]] = {
    "bank": np.uint16,
    "table": np.uint16,
    "offset": np.int16,
    "index": np.uint16,
}


def _are_tables(rows: npt.NDArray[np.uint16]) -> bool:
    totals = rows.sum(axis=1, dtype=np.int64)
    return bool(rows.all() and (totals == rangecoder.TABLE_TOTAL).all())


def integer_cost(frequencies: npt.NDArray[Any]) -> npt.NDArray[np.int32]:
    """What a symbol of each frequency (1..65535) costs, rounded to 1/256 bit.

    No frequency lies near enough to a tie for the logarithm's last digits to matter (a test
    looks at all of them), so every machine finds the same integers.

    >>> integer_cost(np.array([65535, 32768, 1])).tolist()
    [0, 256, 4096]
    """
    bits = rangecoder.TABLE_BITS - np.log2(frequencies.astype(np.float64))
    return np.rint(COST_UNITS * bits).astype(np.int32)


def one_hot(codes: Codes, low: int, width: int) -> npt.NDArray[np.float32]:
    """(N, K) codes in low..low+width-1 to (N, K * width) with a 1 for each symbol."""
    count, channels = codes.shape
    hot = np.zeros((count, channels * width), np.float32)
    np.put_along_axis(hot, codes - np.int32(low) + np.arange(channels) * width, 1, axis=1)
    return hot


def _blocks(codes: Codes, width: int) -> Iterator[Codes]:
    """Row blocks whose one-hot form stays within a bounded memory."""
    rows = max(1, _BLOCK_ELEMENTS // (codes.shape[1] * width))
    return (codes[start : start + rows] for start in range(0, max(len(codes), 1), rows))


def _by_prior(
    chosen: npt.NDArray[np.int32],
) -> tuple[npt.NDArray[np.intp], list[tuple[int, int, int]]]:
    """The stable order of vectors by prior, and (prior, start, stop) of each prior's run."""
    counts = np.bincount(chosen).tolist()
    stops = accumulate(counts)
    runs = [(p, stop - n, stop) for p, (n, stop) in enumerate(zip(counts, stops, strict=True)) if n]
    return np.argsort(chosen, kind="stable"), runs


def _shortest_payload(vectors: int) -> int:
    return -(-vectors // VECTORS_PER_BYTE)


def _to_raw(values: Codes) -> rangecoder.Symbols:
    """Escaped values (n,) to their bytes (2n,), high byte first, -32768 as 0."""
    unsigned = values.astype(np.int32) + _RAW_ZERO
    return np.stack([unsigned >> 8, unsigned & 0xFF], axis=1).ravel()


def _from_raw(raw: rangecoder.Symbols) -> Codes:
    pairs = raw.reshape(-1, 2)
    return ((pairs[:, 0] << 8 | pairs[:, 1]) - _RAW_ZERO).astype(np.int16)
