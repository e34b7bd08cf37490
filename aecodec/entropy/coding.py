"""Encoding code vectors to messages with a prior, decoding them, and counting their bits.

Every decision is made on integers, so that every machine and every implementation makes the same
one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from aecodec.arrays import Codes, Float64, Int32
from aecodec.entropy.costs import ideal_bits
from aecodec.entropy.prior import Prior
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
from aecodec.entropy.slices import Slice, SliceTables, group_by_row
from aecodec.entropy.spatial_context import CodingPass, Grid, SpatialContext, coding_passes
from aecodec.entropy.symbols import FixedSymbols, Symbols
from aecodec.errors import FormatError
from aecodec.parallel import ONE_BLAS_THREAD

VECTORS_PER_BYTE = 4
"""A message has at least one byte per 4 vectors: a short file cannot claim a huge picture."""

GRID_VECTORS_PER_BYTE = 64
"""A message of vectors in a grid, which cost next to nothing in an even picture, has at least one
byte per 64."""

_PASS_WITHOUT_GRID = 1 << 14
"""Vectors of a pass where they have no neighbours; this bounds memory."""

FEW = 16
"""Symbols of a slice that are coded one by one."""

_RAW_BYTE = Table([TABLE_TOTAL // 256] * 256)
_RAW_ZERO = 1 << 15


class SelectedPass(NamedTuple):
    """A pass of vectors, the priors that they selected, and their slices."""

    coding_pass: CodingPass
    selected: Int32
    slices: Iterator[Slice]


def passes(prior: Prior, count: int, grid: Grid | None) -> Sequence[CodingPass]:
    """The passes in which vectors are coded.

    Args:
        prior: prior of the vectors.
        count: N, their number.
        grid: where they lie in pictures; None for vectors without neighbours.
    """
    if grid and prior.has_spatial_context:
        return coding_passes(grid)
    starts = range(0, max(count, 1), _PASS_WITHOUT_GRID)
    return [CodingPass(np.arange(n, min(n + _PASS_WITHOUT_GRID, count))) for n in starts]


def spatial_context(prior: Prior, one: CodingPass, codes: Codes) -> SpatialContext | None:
    """The spatial context of a pass, if the prior reads it and there is any."""
    if prior.context is None or prior.context.spatial is None:
        return None
    return one.spatial_context(codes, prior.context.centre, prior.context.predicted)


def iter_passes(prior: Prior, symbols: Symbols, grid: Grid | None) -> Iterator[SelectedPass]:
    """Walk over vectors as an encoder codes them: pass after pass, in each slice after slice."""
    for one in passes(prior, len(symbols.codes), grid):
        spatial = spatial_context(prior, one, symbols.codes)
        selected = select(prior, symbols.codes[one.members], spatial)
        slices = symbols.slices(prior, one.members, selected, spatial)
        yield SelectedPass(one, selected, slices)


@ONE_BLAS_THREAD
def decide(prior: Prior, symbols: Symbols, grid: Grid | None) -> Codes:
    """Decide all symbols as encoding them would, and return the codes (N, K) int16."""
    for _, _, slices in iter_passes(prior, symbols, grid):
        for _ in slices:
            pass  # a slice is decided when the iteration comes to it
    return symbols.codes


@ONE_BLAS_THREAD
def bits(prior: Prior, codes: Codes, grid: Grid | None = None) -> Float64:
    """Ideal code length of each vector (N,) in bits, including indices and escapes.

    Args:
        prior: prior of the vectors.
        codes: (N, K) codes.
        grid: where the vectors lie in pictures; None for vectors without neighbours.
    """
    total = np.zeros(len(codes))
    for one, selected, slices in iter_passes(prior, FixedSymbols(codes), grid):
        for each in slices:
            total[one.members] += prior.table_bits[each.rows, each.columns].sum(axis=0)
        if prior.priors > 1:
            total[one.members] += ideal_bits(prior.index[selected])
    return total


def encode(
    prior: Prior, codes: Codes, grid: Grid | None = None, coder: RangeCoder = FASTEST
) -> bytes:
    """Encode codes to a message.

    Args:
        prior: prior of the vectors.
        codes: (N, K) codes in -32768..32767.
        grid: where the vectors lie in pictures; None for vectors without neighbours.
        coder: implementation of the range coder; all write the same bytes.

    Returns:
        The message: at least one byte per 4 vectors, or per 64 in a grid.

    >>> tables, nothing = np.array([[1, 65533, 1, 1]]), np.zeros((1, 5))
    >>> prior = Prior(tables, -1, nothing, nothing, [0])
    >>> codes = np.array([[0, 0, 1, 0, -300]], np.int16)
    >>> decode(prior, encode(prior, codes), 1).tolist()
    [[0, 0, 1, 0, -300]]
    """
    return encode_symbols(prior, FixedSymbols(codes), grid, coder)


@ONE_BLAS_THREAD
def encode_symbols(
    prior: Prior, symbols: Symbols, grid: Grid | None = None, coder: RangeCoder = FASTEST
) -> bytes:
    """Encode symbols, which may still be undecided, as :func:`encode` does; this decides them."""
    encoder = coder.encoder()
    for _, selected, slices in iter_passes(prior, symbols, grid):
        if prior.index_table:
            encoder.encode(selected, prior.index_table)
        for each in slices:
            _encode_slice(prior, encoder, each)
    return encoder.finish().ljust(_shortest_message(len(symbols.codes), grid), b"\0")


def _encode_slice(prior: Prior, encoder: Encoder, one: Slice) -> None:
    if one.rows.size <= FEW:
        _encode_few(prior, encoder, one)
    else:
        _encode_many(prior, encoder, one)
    escaped = one.columns == prior.escape
    if np.count_nonzero(escaped):
        encoder.encode(_to_raw(one.symbols[escaped]), _RAW_BYTE)


def _encode_few(prior: Prior, encoder: Encoder, one: Slice) -> None:
    """Encode few symbols one by one, which takes less than to group them."""
    rows, columns = one.rows.ravel().tolist(), one.columns.ravel().tolist()
    order = sorted(range(len(rows)), key=rows.__getitem__)
    encoder.encode_each([columns[n] for n in order], [prior.tables[rows[n]] for n in order])


def _encode_many(prior: Prior, encoder: Encoder, one: Slice) -> None:
    order, runs = group_by_row(one.rows)
    ordered = one.columns.ravel()[order]
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
    """Decode a message to codes.

    Args:
        prior: prior of the vectors.
        message: what :func:`encode` returned.
        count: N, the number of vectors.
        grid: where they lie in pictures, as :func:`encode` was told.
        coder: implementation of the range coder; all read the same symbols.

    Returns:
        (N, K) int16, exactly the codes that were encoded.

    Raises:
        FormatError: the message is not one that an encoder writes for this many vectors.
    """
    check_length(message, count, grid)
    decoder = ReencodingDecoder(message, coder)
    codes = np.zeros((count, prior.code_dimension), np.int16)
    for one in passes(prior, count, grid):
        spatial = spatial_context(prior, one, codes)
        codes[one.members] = _decode_pass(prior, decoder, len(one.members), spatial)
    if decoder.reencoded().ljust(_shortest_message(count, grid), b"\0") != message:
        raise FormatError("damaged: the payload does not end where its codes do")
    return codes


def _decode_pass(
    prior: Prior, decoder: Decoder, count: int, spatial: SpatialContext | None
) -> Codes:
    selected = (
        decoder.decode(count, prior.index_table) if prior.index_table else np.zeros(count, np.int32)
    )
    in_order = np.empty((prior.code_dimension, count), np.int32)
    state = SliceTables(prior, selected, spatial)
    for step in prior.steps:
        symbols = _decode_slice(prior, decoder, *state.tables(step))
        in_order[step.places] = symbols
        state.update(step, symbols)
    return _as_codes(in_order).take(prior.place_of, axis=0).T


def _decode_slice(prior: Prior, decoder: Decoder, rows: Int32, first: Int32) -> Int32:
    decode_columns = _decode_few if rows.size <= FEW else _decode_many
    columns = decode_columns(prior, decoder, rows)
    symbols = columns + first
    escaped = columns == prior.escape
    if np.count_nonzero(escaped):
        values = _from_raw(decoder.decode(2 * int(escaped.sum()), _RAW_BYTE))
        _check_escaped(prior, values - first[escaped])
        symbols[escaped] = values
    return symbols


def _decode_few(prior: Prior, decoder: Decoder, rows: Int32) -> Int32:
    """Decode the columns of few symbols one by one."""
    flat = rows.ravel().tolist()
    order, columns = sorted(range(len(flat)), key=flat.__getitem__), [0] * len(flat)
    decoded = decoder.decode_each([prior.tables[flat[n]] for n in order])
    for n, column in zip(order, decoded, strict=True):
        columns[n] = column
    return np.array(columns, np.int32).reshape(rows.shape)


def _decode_many(prior: Prior, decoder: Decoder, rows: Int32) -> Int32:
    order, runs = group_by_row(rows)
    ordered = np.empty(rows.size, np.int32)
    for row, run in runs:
        ordered[run] = decoder.decode(run.stop - run.start, prior.tables[row])
    columns = np.empty(rows.size, np.int32)
    columns[order] = ordered
    return columns.reshape(rows.shape)


def _check_escaped(prior: Prior, columns: Int32) -> None:
    """Check that no escaped value has a column of its own."""
    if ((columns >= 0) & (columns < prior.symbols)).any():
        raise FormatError("damaged: a code is escaped that has a column of its own")


def check_length(message: bytes, count: int, grid: Grid | None) -> None:
    """Check that a message is long enough for this many vectors, before anything is allocated.

    Raises:
        FormatError: it is too short.
    """
    if len(message) < _shortest_message(count, grid):
        raise FormatError(
            f"damaged: a message of {len(message)} bytes is too short for {count} code vectors"
        )


def _shortest_message(vectors: int, grid: Grid | None) -> int:
    return -(-vectors // (VECTORS_PER_BYTE if grid is None else GRID_VECTORS_PER_BYTE))


def _to_raw(values: Codes) -> Int32:
    """Escaped values (n,) to their bytes (2n,), high byte first; -32768 is 0."""
    unsigned = values.astype(np.int32) + _RAW_ZERO
    return np.stack([unsigned >> 8, unsigned & 0xFF], axis=1).ravel()


def _from_raw(raw: Int32) -> Int32:
    pairs = raw.reshape(-1, 2)
    return (pairs[:, 0] << 8 | pairs[:, 1]) - _RAW_ZERO


def _as_codes(symbols: Int32) -> Codes:
    codes = symbols.astype(np.int16)
    if np.count_nonzero(codes != symbols):
        raise FormatError("damaged: a code of more than 16 bits")
    return codes
