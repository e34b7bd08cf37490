"""Integer symbols and integer tables to bytes and back: a range coder.

The coder is Martin's range coder with a 64-bit state and 32-bit words, the one that
constriction calls `RangeEncoder` ("queue"). Where constriction is installed it does the work;
where it has no wheel, the pure-Python coder writes the same bytes, only slower. Both see
integers alone, so a message decodes to the same symbols on every machine.

The state is an interval `[low, low + range)` of a number line whose first word is the most
significant. A symbol with cumulative frequency `c` and frequency `f` of 65536 narrows it:

    scale = range >> 24
    low  += scale * (c << 8)          |--------[====f====]-------------|
    range = scale * (f << 8)          low      low'      low' + range'

and whenever `range` falls below 2**32 a word is shifted out of `low`. Sealing sends the
shortest number within the final interval; a reader takes all bytes past the end for zeros.
See G. N. N. Martin, "Range encoding: an algorithm for removing redundancy from a digitised
message", 1979; and R. Bamler, "Understanding entropy coding with asymmetric numeral systems:
a statistician's perspective", 2022, for constriction.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from functools import cached_property
from itertools import accumulate
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from aecodec.errors import FormatError

try:
    import constriction
except ImportError:  # no wheel for this machine
    constriction = None

TABLE_BITS = 16
TABLE_TOTAL = 1 << TABLE_BITS

_WORD_BITS = 32
_WORD_BYTES = _WORD_BITS // 8
_WORD_MASK = (1 << _WORD_BITS) - 1
_STATE_BITS = 64
_STATE_MASK = (1 << _STATE_BITS) - 1
_CODER_BITS = 24  # constriction's precision; our tables are scaled up to it
_SCALE_UP = _CODER_BITS - TABLE_BITS

Symbols = npt.NDArray[np.int32]


class Table:
    """A distribution over the symbols 0..n-1 as integer frequencies.

    Args:
        frequencies: n >= 2 integers of at least 1 each, whose sum is 65536; checked by whoever
            reads them (:class:`aecodec.prior.Prior`), once for all of a codec's tables.

    >>> Table([65535, 1]).frequencies
    (65535, 1)
    """

    def __init__(self, frequencies: Sequence[int] | npt.NDArray[Any]) -> None:
        self._given = frequencies

    @cached_property
    def frequencies(self) -> tuple[int, ...]:
        """The n integers."""
        return tuple(np.asarray(self._given).tolist())

    @cached_property
    def cumulative(self) -> tuple[int, ...]:
        """N + 1 integers from 0 to 65536."""
        return tuple(accumulate(self.frequencies, initial=0))

    @cached_property
    def categorical(self) -> Any:
        """Constriction's model of exactly these frequencies.

        Its weights are floats, but with `perfect=False` it computes `weight + 1` of a total
        equal to 2**24, so no rounding takes place and the integers are used as they are.
        """
        weights = np.asarray(self._given, np.float64) * (1 << _SCALE_UP) - 1
        return constriction.stream.model.Categorical(weights, perfect=False)


class Encoder(Protocol):
    """Takes symbols, first in first out, and gives bytes."""

    def put(self, symbols: Symbols, table: Table) -> None:
        """Encode symbols (n,), each in 0..len(table.frequencies) - 1, under one table."""

    def seal(self) -> bytes:
        """The shortest bytes that decode to what was put."""


class Decoder(Protocol):
    """Gives back the symbols in the order in which they were put."""

    def take(self, count: int, table: Table) -> Symbols:
        """Decode `count` symbols under one table.

        Raises:
            FormatError: the bytes cannot have come from an encoder with these tables.
        """


def shortest_number(low: int, range_: int, words: int) -> bytes:
    """The shortest byte string within `[low, low + range_)`, zeros past its end understood.

    Args:
        low: the interval's lower end, an integer of `words` 32-bit words.
        range_: the interval's width, at least 1.
        words: how many words `low` is written in.

    >>> shortest_number(0x12345678_00000001, 1 << 33, 2).hex()
    '12345679'
    >>> shortest_number(0, 5, 2)
    b''
    """
    number = low
    for shift in range(8, _STATE_BITS + 8, 8):  # more zeros come by luck alone: range_ < 2**64
        candidate = -(-low >> shift) << shift
        if candidate - low >= range_:
            break
        number = candidate
    return number.to_bytes(words * _WORD_BYTES, "big").rstrip(b"\0")


class PythonEncoder:
    """The coder in plain integers: slower, everywhere."""

    def __init__(self) -> None:
        self._words: list[int] = []
        self._low = 0
        self._range = _STATE_MASK

    def put(self, symbols: Symbols, table: Table) -> None:
        for symbol in symbols.tolist():
            self._narrow(table.cumulative[symbol], table.frequencies[symbol])

    def _narrow(self, cumulative: int, frequency: int) -> None:
        scale = self._range >> _CODER_BITS
        self._low += scale * (cumulative << _SCALE_UP)
        self._range = scale * (frequency << _SCALE_UP)
        if self._low > _STATE_MASK:
            self._carry()
        if self._range >> _WORD_BITS == 0:
            self._words.append(self._low >> _WORD_BITS)
            self._low = (self._low & _WORD_MASK) << _WORD_BITS
            self._range <<= _WORD_BITS

    def _carry(self) -> None:
        self._low &= _STATE_MASK
        position = len(self._words) - 1
        while self._words[position] == _WORD_MASK:
            self._words[position] = 0
            position -= 1
        self._words[position] += 1

    def seal(self) -> bytes:
        shifted_out = b"".join(word.to_bytes(_WORD_BYTES, "big") for word in self._words)
        low = int.from_bytes(shifted_out, "big") << _STATE_BITS | self._low
        return shortest_number(low, self._range, len(self._words) + 2)


class PythonDecoder:
    """Reads what either encoder wrote."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._position = 0
        self._offset = self._next_word() << _WORD_BITS | self._next_word()
        self._range = _STATE_MASK

    def _next_word(self) -> int:
        chunk = self._data[self._position : self._position + _WORD_BYTES]
        self._position += _WORD_BYTES
        return int.from_bytes(chunk.ljust(_WORD_BYTES, b"\0"), "big")

    def take(self, count: int, table: Table) -> Symbols:
        return np.array([self._one(table) for _ in range(count)], np.int32)

    def _one(self, table: Table) -> int:
        scale = self._range >> _CODER_BITS
        quantile = self._offset // scale
        if quantile >> _CODER_BITS:
            raise FormatError("damaged: the payload is not a message in this codec's tables")
        symbol = bisect_right(table.cumulative, quantile >> _SCALE_UP) - 1
        self._offset -= scale * (table.cumulative[symbol] << _SCALE_UP)
        self._range = scale * (table.frequencies[symbol] << _SCALE_UP)
        if self._range >> _WORD_BITS == 0:
            self._offset = self._offset << _WORD_BITS | self._next_word()
            self._range <<= _WORD_BITS
        return symbol


class ConstrictionEncoder:
    """The same coder, compiled."""

    def __init__(self) -> None:
        self._coder = constriction.stream.queue.RangeEncoder()

    def put(self, symbols: Symbols, table: Table) -> None:
        self._coder.encode(symbols, table.categorical)

    def seal(self) -> bytes:
        """Constriction seals to whole words; what it sealed tells `low`, and we seal that."""
        shifted_out, (low, range_) = self._coder.pos()
        words = shifted_out + 2
        sealed = self._coder.get_compressed().astype(">u4").tobytes()
        inside = int.from_bytes(sealed.ljust(words * _WORD_BYTES, b"\0"), "big")
        return shortest_number(inside - ((inside - low) & _STATE_MASK), range_, words)


class ConstrictionDecoder:
    """Reads what either encoder wrote, compiled."""

    def __init__(self, data: bytes) -> None:
        padded = data.ljust(-(-len(data) // _WORD_BYTES) * _WORD_BYTES, b"\0")
        words = np.frombuffer(padded, ">u4").astype(np.uint32)
        self._coder = constriction.stream.queue.RangeDecoder(words)

    def take(self, count: int, table: Table) -> Symbols:
        try:
            symbols: Symbols = self._coder.decode(table.categorical, count)
        except AssertionError as error:  # what constriction raises for impossible data
            raise FormatError(
                "damaged: the payload is not a message in this codec's tables"
            ) from error
        return symbols


class EchoingDecoder:
    """Decodes, and encodes what it decoded: only what an encoder wrote comes back as it was.

    Args:
        data: the message.

    >>> coder, table = encoder(), Table([65000, 500, 36])
    >>> coder.put(np.array([0, 0, 2, 1], np.int32), table)
    >>> echoing = EchoingDecoder(coder.seal() + b"more")
    >>> echoing.take(4, table).tolist(), echoing.echo() == coder.seal()
    ([0, 0, 2, 1], True)
    """

    def __init__(self, data: bytes) -> None:
        self._decoder, self._encoder = decoder(data), encoder()

    def take(self, count: int, table: Table) -> Symbols:
        symbols = self._decoder.take(count, table)
        self._encoder.put(symbols, table)
        return symbols

    def echo(self) -> bytes:
        """The message that an encoder writes for the symbols that were taken."""
        return self._encoder.seal()


def encoder() -> Encoder:
    """The fastest encoder of this machine.

    >>> coder, table = encoder(), Table([65000, 500, 36])
    >>> coder.put(np.array([0, 0, 2, 1], np.int32), table)
    >>> decoder(coder.seal()).take(4, table).tolist()
    [0, 0, 2, 1]
    """
    return ConstrictionEncoder() if constriction else PythonEncoder()


def decoder(data: bytes) -> Decoder:
    """The fastest decoder of this machine, at the start of `data`."""
    return ConstrictionDecoder(data) if constriction else PythonDecoder(data)
