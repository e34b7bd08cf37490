"""Encode code vectors to messages with a prior, decode them, and count their bits.

All decisions use integers, so every machine and every implementation decides the same.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from aecodec.arrays import Codes, Float64, Int32
from aecodec.entropy.message_length import check_length, shortest_message
from aecodec.entropy.prior import Prior, ideal_bits
from aecodec.entropy.prior_selection import select
from aecodec.entropy.range_coder import (
    FASTEST,
    TABLE_TOTAL,
    Decoder,
    Encoder,
    RangeCoder,
    ReencodingDecoder,
    Table,
)
from aecodec.entropy.slices import FixedSymbols, Slice, SliceTables, Symbols, group_by_row
from aecodec.entropy.spatial_context import CodingPass, Grid, SpatialContext, coding_passes
from aecodec.errors import FormatError
from aecodec.parallel import ONE_BLAS_THREAD

_PASS_WITHOUT_GRID = 1 << 14
"""Number of vectors without neighbours in a pass; this bounds memory."""

FEW = 16
"""Slices with up to this many symbols are coded symbol by symbol."""

_RAW_BYTE = Table([TABLE_TOTAL // 256] * 256)
_RAW_ZERO = 1 << 15
"""Added to escaped values, which are coded as two bytes, the high byte first."""


class SelectedPass(NamedTuple):
    """A pass of vectors, the priors that they selected, and their slices."""

    coding_pass: CodingPass
    selected: Int32
    slices: Iterator[Slice]


def passes(prior: Prior, count: int, grid: Grid | None) -> Sequence[CodingPass]:
    """Split N vectors, in a grid or without neighbours, into the passes in which they are coded."""
    if grid and prior.has_spatial_context:
        return coding_passes(grid)
    starts = range(0, max(count, 1), _PASS_WITHOUT_GRID)
    return [CodingPass(np.arange(n, min(n + _PASS_WITHOUT_GRID, count))) for n in starts]


def spatial_context(prior: Prior, coding_pass: CodingPass, codes: Codes) -> SpatialContext | None:
    """Return the spatial context of a pass, or None if the prior or the pass has none."""
    if prior.context is None or prior.context.spatial is None:
        return None
    return coding_pass.spatial_context(codes, prior.context.centre, prior.context.predicted)


def iter_passes(prior: Prior, symbols: Symbols, grid: Grid | None) -> Iterator[SelectedPass]:
    """Yield passes in the order in which an encoder codes them, each with its slices."""
    for coding_pass in passes(prior, len(symbols.codes), grid):
        members = coding_pass.members
        spatial = spatial_context(prior, coding_pass, symbols.codes)
        selected = select(prior, symbols.codes[members], spatial)
        slices = symbols.slices(prior, members, selected, spatial)
        yield SelectedPass(coding_pass, selected, slices)


@ONE_BLAS_THREAD
def decide(prior: Prior, symbols: Symbols, grid: Grid | None) -> Codes:
    """Decide all symbols as encoding them would, and return the codes (N, K) int16."""
    for _, _, slices in iter_passes(prior, symbols, grid):
        for _ in slices:
            pass  # the iteration decides each slice
    return symbols.codes


@ONE_BLAS_THREAD
def bits(prior: Prior, codes: Codes, grid: Grid | None = None) -> Float64:
    """Ideal code length of each vector (N,) in bits, including indices and escapes."""
    total = np.zeros(len(codes))
    for coding_pass, selected, slices in iter_passes(prior, FixedSymbols(codes), grid):
        for _, rows, columns in slices:
            total[coding_pass.members] += prior.table_bits[rows, columns].sum(axis=0)
        if prior.priors > 1:
            total[coding_pass.members] += ideal_bits(prior.index[selected])
    return total


def encode(
    prior: Prior, codes: Codes, grid: Grid | None = None, coder: RangeCoder = FASTEST
) -> bytes:
    """Encode codes (N, K) in -32768..32767 to a message.

    It has at least one byte per 4 vectors, or per 64 in a grid. All range coders write the same
    bytes.

    >>> bank, zeros = np.array([[1, 65533, 1, 1]]), np.zeros((1, 5))
    >>> prior = Prior(bank, -1, zeros, zeros, [0])
    >>> codes = np.array([[0, 0, 1, 0, -300]], np.int16)
    >>> decode(prior, encode(prior, codes), 1).tolist()
    [[0, 0, 1, 0, -300]]
    """
    return encode_symbols(prior, FixedSymbols(codes), grid, coder)


@ONE_BLAS_THREAD
def encode_symbols(
    prior: Prior, symbols: Symbols, grid: Grid | None = None, coder: RangeCoder = FASTEST
) -> bytes:
    """Decide symbols that are still undecided, and encode all as :func:`encode` does."""
    encoder = coder.encoder()
    for _, selected, slices in iter_passes(prior, symbols, grid):
        if prior.index_table:
            encoder.encode(selected, prior.index_table)
        for channels in slices:
            _encode_slice(prior, encoder, channels)
    return encoder.finish().ljust(shortest_message(len(symbols.codes), grid), b"\0")


def _encode_slice(prior: Prior, encoder: Encoder, channels: Slice) -> None:
    encode_rows = _encode_singly if channels.rows.size <= FEW else _encode_grouped
    symbols = prior.coder_symbols(channels.columns, channels.rows)
    encode_rows(prior, encoder, channels.rows, symbols)
    escaped = channels.columns == prior.escape
    if np.count_nonzero(escaped):
        unsigned = channels.symbols[escaped].astype(np.int32) + _RAW_ZERO
        encoder.encode(np.stack([unsigned >> 8, unsigned & 0xFF], axis=1).ravel(), _RAW_BYTE)


def _encode_singly(prior: Prior, encoder: Encoder, rows: Int32, symbols: Int32) -> None:
    """Encode symbol by symbol; for few symbols, grouping takes longer."""
    flat, values = rows.ravel().tolist(), symbols.ravel().tolist()
    order = sorted(range(len(flat)), key=flat.__getitem__)
    encoder.encode_with_tables([values[n] for n in order], [prior.tables[flat[n]] for n in order])


def _encode_grouped(prior: Prior, encoder: Encoder, rows: Int32, symbols: Int32) -> None:
    order, runs = group_by_row(rows)
    ordered = symbols.ravel()[order]
    for row, run in runs:
        encoder.encode(ordered[run], prior.tables[row])


@ONE_BLAS_THREAD
def decode(
    prior: Prior,
    message: bytes,
    count: int,
    grid: Grid | None = None,
    coder: RangeCoder = FASTEST,
) -> Codes:
    """Decode a message of N vectors to exactly the codes (N, K) int16 that were encoded.

    Raises FormatError if no encoder writes this message for this many vectors.
    """
    check_length(message, count, grid)
    decoder = ReencodingDecoder(message, coder)
    codes = np.zeros((count, prior.code_dimension), np.int16)
    for coding_pass in passes(prior, count, grid):
        spatial = spatial_context(prior, coding_pass, codes)
        members = coding_pass.members
        codes[members] = _decode_pass(prior, decoder, len(members), spatial)
    if decoder.reencoded().ljust(shortest_message(count, grid), b"\0") != message:
        raise FormatError("damaged: the payload does not end where its codes do")
    return codes


def _decode_pass(
    prior: Prior, decoder: Decoder, count: int, spatial: SpatialContext | None
) -> Codes:
    selected = decode_priors(prior, decoder, count)
    in_order = np.empty((prior.code_dimension, count), np.int32)
    state = SliceTables(prior, selected, spatial)
    for step in prior.steps:
        symbols = _decode_slice(prior, decoder, *state.tables(step))
        in_order[step.places] = symbols
        state.update(step, symbols)
    codes = in_order.astype(np.int16)
    if np.count_nonzero(codes != in_order):
        raise FormatError("damaged: a code has more than 16 bits")
    return codes.take(prior.place_of, axis=0).T


def decode_priors(prior: Prior, decoder: Decoder, count: int) -> Int32:
    """Decode the priors (N,) of the vectors of a pass; all are 0 with a single prior."""
    return (
        decoder.decode(count, prior.index_table) if prior.index_table else np.zeros(count, np.int32)
    )


def _decode_slice(prior: Prior, decoder: Decoder, rows: Int32, first: Int32) -> Int32:
    decode_rows = _decode_singly if rows.size <= FEW else _decode_grouped
    columns = prior.columns_of_coder(decode_rows(prior, decoder, rows), rows)
    symbols = columns + first
    escaped = columns == prior.escape
    if np.count_nonzero(escaped):
        high, low = decoder.decode(2 * int(escaped.sum()), _RAW_BYTE).reshape(-1, 2).T
        values = (high << 8 | low) - _RAW_ZERO
        unescaped = prior.clamp_to_escape(values - first[escaped], rows[escaped])
        if (unescaped != prior.escape).any():
            raise FormatError("damaged: a code is escaped although its table contains it")
        symbols[escaped] = values
    return symbols


def _decode_singly(prior: Prior, decoder: Decoder, rows: Int32) -> Int32:
    """Decode symbol by symbol."""
    flat = rows.ravel().tolist()
    order, symbols = sorted(range(len(flat)), key=flat.__getitem__), np.empty(len(flat), np.int32)
    symbols[order] = decoder.decode_with_tables([prior.tables[flat[n]] for n in order])
    return symbols.reshape(rows.shape)


def _decode_grouped(prior: Prior, decoder: Decoder, rows: Int32) -> Int32:
    order, runs = group_by_row(rows)
    ordered = np.empty(rows.size, np.int32)
    for row, run in runs:
        ordered[run] = decoder.decode(run.stop - run.start, prior.tables[row])
    symbols = np.empty(rows.size, np.int32)
    symbols[order] = ordered
    return symbols.reshape(rows.shape)
