"""Coding the values of a segment within a bound, in waves of samples, and decoding them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from aecodec.arrays import Int64
from aecodec.coding.residual_context import Planes
from aecodec.coding.residual_distribution import MOST_SYMBOL, TOTAL_BITS, Distributions
from aecodec.coding.residual_network import ResidualNetworks
from aecodec.entropy.range_coder import PythonDecoder, PythonEncoder
from aecodec.errors import FormatError

SLOPE = 3
"""A row lags three columns behind the row above, of which it reads the second sample ahead."""


class Wave(NamedTuple):
    """Rows and columns (n,) of samples of a segment that do not depend on each other."""

    rows: npt.NDArray[np.intp]
    columns: npt.NDArray[np.intp]


def waves(height: int, width: int) -> Iterator[Wave]:
    """Yield the waves of a segment, with the rows of a wave from top to bottom.

    >>> [wave.columns.tolist() for wave in waves(2, 4)]
    [[0], [1], [2], [3, 0], [1], [2], [3]]
    """
    for time in range(width + SLOPE * (height - 1)):
        first = max(0, -(-(time - width + 1) // SLOPE))
        rows = np.arange(first, min(height - 1, time // SLOPE) + 1)
        if rows.size:
            yield Wave(rows, time - SLOPE * rows)


_RAW_BITS = 16
"""Largest number of bits in a symbol of equal frequencies."""

_LENGTH_BITS = 6
_NEAR = range(-2, 4)
"""Boundaries of the symbols that a decoder tries first."""

_DAMAGED = "damaged: the residuals are not those that an encoder writes"

Missing = npt.NDArray[np.bool_]


class Coding(NamedTuple):
    """How the values of a segment are coded.

    Attributes:
        networks: their networks.
        steps: (B,) distances of two values that the bounds can tell apart: 2 E + 1.
        limits: (B,) lowest and highest value of each band.
    """

    networks: ResidualNetworks
    steps: Sequence[int]
    limits: Sequence[tuple[int, int]]


def encode_segment(
    coding: Coding, base: Int64, values: Int64, missing: Missing | None = None
) -> tuple[bytes, Int64]:
    """Encode values (F, B, height, width), to a message and the values of the decoder.

    Missing samples get any value.
    """
    encoder = _Encoder(values)
    decoded = _walk(coding, base, missing, encoder)
    return encoder.finish(), decoded


def decode_segment(
    coding: Coding, base: Int64, message: bytes, missing: Missing | None = None
) -> Int64:
    """Decode the values (F, B, height, width). Raises FormatError if no encoder wrote them."""
    decoder = _Decoder(message)
    decoded = _walk(coding, base, missing, decoder)
    if decoder.reencoded() != message:
        raise FormatError(_DAMAGED)
    return decoded


def _walk(
    coding: Coding, base: Int64, missing: Missing | None, symbols: _Encoder | _Decoder
) -> Int64:
    """Code all samples in the order of coding, and return the values of the decoder."""
    planes = Planes(base, coding.networks.has_base)
    for band in range(base.shape[1]):
        network, step = coding.networks.for_band(band), coding.steps[band]
        for wave in waves(*base.shape[2:]):
            prediction = network.predict(planes.context(band, step, *wave))
            tables = Distributions.of(network, prediction, step, coding.limits[band])
            coded = _coded(missing, band, wave, len(tables.centre))
            steps = symbols.steps(band, wave, step, tables, coded)
            values = np.clip(tables.centre + step * steps, *coding.limits[band])
            planes.write(band, *wave, values)
    return planes.known


def _coded(missing: Missing | None, band: int, wave: Wave, count: int) -> Missing:
    if missing is None:
        return np.ones(count, bool)
    return ~missing[:, band, wave.rows, wave.columns].ravel()


class _Encoder:
    def __init__(self, values: Int64) -> None:
        self._values, self._coder = values, PythonEncoder()

    def steps(
        self, band: int, wave: Wave, step: int, tables: Distributions, coded: Missing
    ) -> Int64:
        """Encode samples, and return the steps (n,) from their centres to their values."""
        values = self._values[:, band, wave.rows, wave.columns].ravel()
        steps = np.where(coded, (values - tables.centre + step // 2) // step, 0)
        symbols = steps >> tables.low_bits
        inner = np.clip(symbols, -MOST_SYMBOL, MOST_SYMBOL)
        start = tables.cumulative(inner)
        stop = tables.cumulative(inner + 1)
        columns = (
            a[coded].tolist() for a in (start, stop - start, symbols, steps, tables.low_bits)
        )
        for cumulative, frequency, symbol, number, low_bits in zip(*columns, strict=True):
            self._coder.narrow(cumulative, frequency)
            if abs(symbol) >= MOST_SYMBOL:
                excess = abs(symbol) - MOST_SYMBOL
                self._raw(excess.bit_length(), _LENGTH_BITS)
                self._raw(excess, excess.bit_length())
            self._raw(number & ((1 << low_bits) - 1), low_bits)
        return steps

    def _raw(self, number: int, bits: int) -> None:
        while bits:
            now = min(bits, _RAW_BITS)
            bits -= now
            part = (number >> bits) & ((1 << now) - 1)
            self._coder.narrow(part << (TOTAL_BITS - now), 1 << (TOTAL_BITS - now))

    def finish(self) -> bytes:
        return self._coder.finish()


class _Decoder:
    """Decodes symbols and encodes them again, to detect messages that no encoder writes."""

    def __init__(self, message: bytes) -> None:
        self._coder, self._encoder = PythonDecoder(message), PythonEncoder()

    def steps(
        self, band: int, wave: Wave, step: int, tables: Distributions, coded: Missing
    ) -> Int64:
        """Decode the steps (n,) from the centres of samples to their values."""
        near = [tables.cumulative(np.array([symbol])).tolist() for symbol in _NEAR]
        fields = (a.tolist() for a in (tables.low_bits, tables.least, tables.most))
        steps = np.zeros(len(coded), np.int64)
        for place, (low_bits, least, most) in enumerate(zip(*fields, strict=True)):
            if coded[place]:
                symbol = self._symbol(tables, place, [column[place] for column in near])
                number = symbol << low_bits | self._raw(low_bits)
                if not least <= number <= most:
                    raise FormatError(_DAMAGED)
                steps[place] = number
        return steps

    def _symbol(self, tables: Distributions, place: int, bounds: list[int]) -> int:
        """Decode the symbol of a sample; `bounds` are where the frequencies of _NEAR begin."""
        target = self._coder.quantile()
        at = bisect_right(bounds, target) - 1
        if 0 <= at < len(bounds) - 1:
            symbol, start, stop = _NEAR[at], bounds[at], bounds[at + 1]
        else:
            symbol, start, stop = _search(tables.select(place), target)
        self._narrow(start, stop - start)
        if abs(symbol) < MOST_SYMBOL:
            return symbol
        return symbol + self._excess() * (1 if symbol > 0 else -1)

    def _excess(self) -> int:
        """Decode how far a symbol is beyond the last one."""
        bits = self._raw(_LENGTH_BITS)
        excess = self._raw(bits)
        if excess.bit_length() < bits:
            raise FormatError(_DAMAGED)
        return excess

    def _raw(self, bits: int) -> int:
        number = 0
        while bits:
            now = min(bits, _RAW_BITS)
            bits -= now
            part = self._coder.quantile() >> (TOTAL_BITS - now)
            self._narrow(part << (TOTAL_BITS - now), 1 << (TOTAL_BITS - now))
            number = number << now | part
        return number

    def _narrow(self, cumulative: int, frequency: int) -> None:
        self._coder.narrow(cumulative, frequency)
        self._encoder.narrow(cumulative, frequency)

    def reencoded(self) -> bytes:
        """The message that an encoder writes for the symbols decoded so far."""
        return self._encoder.finish()


def _search(table: Distributions, target: int) -> tuple[int, int, int]:
    """Find the symbol whose frequencies contain the target, and their start and stop."""
    symbols = np.arange(table.lowest[0], table.highest[0] + 2)
    bounds = table.cumulative(symbols)
    at = int(np.searchsorted(bounds, target, "right")) - 1
    return int(symbols[at]), int(bounds[at]), int(bounds[at + 1])
