"""Enhancement layers: codes of a finer level, for decoders that know codes of a coarser level.

A coarse code confines a latent to an interval, so the finer code is one of a few integers. The
finer level's prior gives their frequencies. A layer therefore takes about as many bits as the finer
message alone would be longer (W. Equitz and T. Cover, "Successive refinement of information",
1991), and codecs need no tables for it. Section 15 of `docs/FORMAT.md` specifies the steps.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from aecodec.arrays import Codes, Int32
from aecodec.coding.levels import Level
from aecodec.entropy.coding import decode_priors, passes, spatial_context
from aecodec.entropy.prior import Prior
from aecodec.entropy.prior_selection import select
from aecodec.entropy.range_coder import FASTEST, TABLE_TOTAL, ReencodingDecoder, Table
from aecodec.entropy.slices import Members, SliceTables
from aecodec.entropy.spatial_context import Grid, SpatialContext
from aecodec.errors import FormatError
from aecodec.parallel import ONE_BLAS_THREAD

Places = tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]
"""Vectors and channels, for an index into codes (N, K)."""


class Intervals(NamedTuple):
    """Lowest and highest codes (N, K) of a level that coarser codes allow."""

    low: Int32
    high: Int32

    @classmethod
    def of(cls, codes: Codes, coarse: Level, fine: Level) -> Intervals:
        """Find the codes of level `fine` that codes (N, K) of level `coarse` allow.

        Both levels have gains.

        >>> coarse, fine = Level(0, 1, gains=(-256,)), Level(0, 1, gains=(0,))
        >>> ends = Intervals.of(np.array([[0], [1], [-2]], np.int16), coarse, fine)
        >>> ends.low.ravel().tolist(), ends.high.ravel().tolist()
        ([-1, 1, -5], [1, 3, -3])
        """
        magnitudes = np.abs(codes.astype(np.int64))
        low = _rescaled(2 * magnitudes - 1, coarse, fine)
        high = _rescaled(2 * magnitudes + 1, coarse, fine)
        low = np.where(codes == 0, -high, low)
        return cls(*np.where(codes < 0, (-high, -low), (low, high)).astype(np.int32))


def _rescaled(halves: npt.NDArray[np.int64], coarse: Level, fine: Level) -> npt.NDArray[np.int64]:
    """Convert halves of coarse steps to the nearest fine codes, halves up."""
    coarse_factors = coarse.factors.astype(np.int64)
    nearest: npt.NDArray[np.int64] = (halves * fine.factors + coarse_factors) // (
        2 * coarse_factors
    )
    return nearest


@ONE_BLAS_THREAD
def encode(
    prior: Prior, codes: Codes, allowed: Intervals, grid: Grid | None
) -> tuple[bytes, Codes]:
    """Encode codes (N, K) of a finer level, moved into their intervals.

    Returns the message, and the codes that :func:`decode` returns.
    """
    codes = codes.clip(*allowed).astype(np.int16)
    encoder = FASTEST.encoder()

    def priors(members: Members, spatial: SpatialContext | None) -> Int32:
        selected = select(prior, codes[members], spatial)
        if prior.index_table:
            encoder.encode(selected, prior.index_table)
        return selected

    def symbols(places: Places, tables: list[Table]) -> npt.NDArray[np.integer]:
        columns = codes[places] - allowed.low[places]
        encoder.encode_with_tables(columns.tolist(), tables)
        return columns

    _visit(prior, allowed, grid, priors, symbols)
    return encoder.finish(), codes


@ONE_BLAS_THREAD
def decode(prior: Prior, message: bytes, allowed: Intervals, grid: Grid | None) -> Codes:
    """Decode a message of :func:`encode` to codes (N, K).

    Raises FormatError if no encoder writes this message for these intervals.
    """
    decoder = ReencodingDecoder(message, FASTEST)

    def priors(members: Members, _: SpatialContext | None) -> Int32:
        return decode_priors(prior, decoder, len(members))

    def symbols(_: Places, tables: list[Table]) -> npt.NDArray[np.integer]:
        return np.array(decoder.decode_with_tables(tables), np.int32)

    codes = _visit(prior, allowed, grid, priors, symbols)
    if decoder.reencoded() != message:
        raise FormatError("damaged: the layer does not end where its codes do")
    return codes


def _visit(
    prior: Prior,
    allowed: Intervals,
    grid: Grid | None,
    priors: Callable[[Members, SpatialContext | None], Int32],
    symbols: Callable[[Places, list[Table]], npt.NDArray[np.integer]],
) -> Codes:
    """Visit the uncertain codes in the order of coding, and return all codes (N, K).

    `priors` returns the priors of a pass; `symbols` the columns of codes in their tables.
    """
    codes, table = allowed.low.astype(np.int16), cache(lambda *place: _table(prior, *place))
    for coding_pass in passes(prior, len(codes), grid):
        spatial, members = spatial_context(prior, coding_pass, codes), coding_pass.members
        state = SliceTables(prior, priors(members, spatial), spatial)
        for step in prior.steps:
            rows, first = state.tables(step)
            channels = prior.order[step.places]
            block = np.ix_(members, channels)
            low, high = allowed.low[block].T, allowed.high[block].T
            channel, vector = np.nonzero(high > low)
            ends = (rows, low - first, high - first)
            arguments = (values[channel, vector].tolist() for values in ends)
            places = members[vector], channels[channel]
            codes[places] += symbols(places, list(map(table, *arguments))).astype(np.int16)
            state.update(step, codes[block].T)
    return codes


def _table(prior: Prior, row: int, low: int, high: int) -> Table:
    """The table of columns `low` to `high` of a row; columns that it does not have get 1."""
    columns = np.arange(low, high + 1)
    inside = (columns >= 0) & (columns < prior.symbols)
    frequencies = np.ones(len(columns), np.int64)
    frequencies[inside] = np.maximum(prior.bank[row, columns[inside]], 1)
    scaled = 1 + frequencies * (TABLE_TOTAL - len(columns)) // frequencies.sum()
    scaled[scaled.argmax()] += TABLE_TOTAL - scaled.sum()
    return Table(scaled)
