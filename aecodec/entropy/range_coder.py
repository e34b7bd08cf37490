"""A range coder: symbols and integer frequency tables to bytes, and back.

It is Martin's range coder with a 64-bit state and 32-bit words, which the library constriction
calls `RangeEncoder` ("queue"). The pure-Python and compiled coders produce identical bytes; the
pure-Python coder is slower and works where constriction has no wheel. Both use only integers, so a
message decodes to the same symbols on every machine.

The state is an interval `[low, low + range)` on a number line whose first word is the most
significant. A symbol with cumulative frequency `c` and frequency `f`, of 65536, narrows it:

    scale = range >> 24
    low  += scale * (c << 8)          |--------[====f====]-------------|
    range = scale * (f << 8)          low      low'      low' + range'

Whenever `range` falls below 2**32, a word is shifted out of `low`. Finishing writes the shortest
number within the final interval; a decoder reads all bytes past the end as zeros.

Sources: G. N. N. Martin, "Range encoding: an algorithm for removing redundancy from a digitised
message", 1979; R. Bamler, "Understanding entropy coding with asymmetric numeral systems: a
statistician's perspective", 2022, for constriction.
"""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from functools import cached_property
from importlib.util import find_spec
from itertools import accumulate
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from aecodec.arrays import Int32
from aecodec.errors import FormatError

TABLE_BITS = 16
TABLE_TOTAL = 1 << TABLE_BITS

_WORD_BITS = 32
_WORD_BYTES = _WORD_BITS // 8
_WORD_MASK = (1 << _WORD_BITS) - 1
_STATE_BITS = 64
_STATE_MASK = (1 << _STATE_BITS) - 1
_CODER_BITS = 24  # constriction's precision, to which our tables are scaled up
_SCALE_UP = _CODER_BITS - TABLE_BITS

_DAMAGED = "damaged: the payload was not coded with this codec's tables"


class Table:
    """A distribution over the symbols 0..n-1 as integer frequencies.

    These are n >= 2 integers of at least 1 that sum to 65536. They are not checked here:
    :class:`aecodec.entropy.prior.Prior` checks all tables of a codec at once.

    >>> Table([65535, 1]).frequencies
    (65535, 1)
    """

    def __init__(self, frequencies: Sequence[int] | npt.NDArray[Any]) -> None:
        self._frequencies = frequencies

    @cached_property
    def frequencies(self) -> tuple[int, ...]:
        """The n frequencies."""
        return tuple(np.asarray(self._frequencies).tolist())

    @cached_property
    def cumulative(self) -> tuple[int, ...]:
        """Cumulative frequencies: n + 1 integers from 0 to 65536."""
        return tuple(accumulate(self.frequencies, initial=0))

    @cached_property
    def categorical(self) -> Any:
        """Constriction's model with exactly these frequencies.

        Its weights are floats, but with `perfect=False` it uses `weight + 1` of a total of 2**24.
        Nothing is rounded, so the integers are exact.
        """
        weights = np.asarray(self._frequencies, np.float64) * (1 << _SCALE_UP) - 1
        import constriction  # only the Python engine needs it

        return constriction.stream.model.Categorical(weights, perfect=False)


class Encoder(Protocol):
    """Encodes symbols, first in first out."""

    def encode(self, symbols: Int32, table: Table) -> None:
        """Append symbols (n,), in 0..len(table.frequencies) - 1, coded with one table."""

    def encode_with_tables(self, symbols: Sequence[int], tables: Sequence[Table]) -> None:
        """Append symbols, each coded with its own table."""

    def finish(self) -> bytes:
        """Return the shortest bytes that decode to the symbols encoded so far."""


class Decoder(Protocol):
    """Decodes symbols in the order in which they were encoded.

    Raises FormatError if the bytes cannot come from an encoder with these tables.
    """

    def decode(self, count: int, table: Table) -> Int32:
        """Decode `count` symbols with one table."""

    def decode_with_tables(self, tables: Sequence[Table]) -> list[int]:
        """Decode one symbol with each table."""


def shortest_number(low: int, range_: int, words: int) -> bytes:
    """Find the shortest byte string in `[low, low + range_)`; bytes past its end count as zero.

    `low` has `words` words of 32 bits, and `range_` is at least 1.

    >>> shortest_number(0x12345678_00000001, 1 << 33, 2).hex()
    '12345679'
    >>> shortest_number(0, 5, 2)
    b''
    """
    number = low
    for shift in range(8, _STATE_BITS + 8, 8):  # range_ < 2**64
        candidate = -(-low >> shift) << shift
        if candidate - low >= range_:
            break
        number = candidate
    return number.to_bytes(words * _WORD_BYTES, "big").rstrip(b"\0")


class PythonEncoder:
    """Encoder in plain Python: slower, but it runs everywhere."""

    def __init__(self) -> None:
        self._words: list[int] = []
        self._low = 0
        self._range = _STATE_MASK

    def encode(self, symbols: Int32, table: Table) -> None:
        for symbol in symbols.tolist():
            self._narrow(table.cumulative[symbol], table.frequencies[symbol])

    def encode_with_tables(self, symbols: Sequence[int], tables: Sequence[Table]) -> None:
        for symbol, table in zip(symbols, tables, strict=True):
            self._narrow(table.cumulative[symbol], table.frequencies[symbol])

    def _narrow(self, cumulative: int, frequency: int) -> None:
        self.narrow(cumulative << _SCALE_UP, frequency << _SCALE_UP)

    def narrow(self, cumulative: int, frequency: int) -> None:
        """Append a symbol with these frequencies of 2^24."""
        scale = self._range >> _CODER_BITS
        self._low += scale * cumulative
        self._range = scale * frequency
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

    def finish(self) -> bytes:
        shifted_out = b"".join(word.to_bytes(_WORD_BYTES, "big") for word in self._words)
        low = int.from_bytes(shifted_out, "big") << _STATE_BITS | self._low
        return shortest_number(low, self._range, len(self._words) + 2)


class PythonDecoder:
    """Decoder in plain Python; it reads the messages of either encoder."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._position = 0
        self._offset = self._next_word() << _WORD_BITS | self._next_word()
        self._range = _STATE_MASK

    def _next_word(self) -> int:
        chunk = self._data[self._position : self._position + _WORD_BYTES]
        self._position += _WORD_BYTES
        return int.from_bytes(chunk.ljust(_WORD_BYTES, b"\0"), "big")

    def decode(self, count: int, table: Table) -> Int32:
        return np.array([self._decode_symbol(table) for _ in range(count)], np.int32)

    def decode_with_tables(self, tables: Sequence[Table]) -> list[int]:
        return [self._decode_symbol(table) for table in tables]

    def _decode_symbol(self, table: Table) -> int:
        symbol = bisect_right(table.cumulative, self.quantile() >> _SCALE_UP) - 1
        self.narrow(table.cumulative[symbol] << _SCALE_UP, table.frequencies[symbol] << _SCALE_UP)
        return symbol

    def quantile(self) -> int:
        """Return a number within the next symbol's frequencies of 2^24."""
        quantile = self._offset // (self._range >> _CODER_BITS)
        if quantile >> _CODER_BITS:
            raise FormatError(_DAMAGED)
        return quantile

    def narrow(self, cumulative: int, frequency: int) -> None:
        """Remove the symbol with these frequencies of 2^24."""
        scale = self._range >> _CODER_BITS
        self._offset -= scale * cumulative
        self._range = scale * frequency
        if self._range >> _WORD_BITS == 0:
            self._offset = self._offset << _WORD_BITS | self._next_word()
            self._range <<= _WORD_BITS


class ConstrictionEncoder:
    """The compiled encoder of the library constriction."""

    def __init__(self) -> None:
        import constriction

        self._coder = constriction.stream.queue.RangeEncoder()

    def encode(self, symbols: Int32, table: Table) -> None:
        self._coder.encode(symbols, table.categorical)

    def encode_with_tables(self, symbols: Sequence[int], tables: Sequence[Table]) -> None:
        for symbol, table in zip(symbols, tables, strict=True):
            self.encode(np.array([symbol], np.int32), table)

    def finish(self) -> bytes:
        """Return the shortest bytes; constriction itself would write whole words.

        `low` follows from the words of constriction.
        """
        shifted_out, (low, range_) = self._coder.pos()
        words = shifted_out + 2
        sealed = self._coder.get_compressed().astype(">u4").tobytes()
        inside = int.from_bytes(sealed.ljust(words * _WORD_BYTES, b"\0"), "big")
        return shortest_number(inside - ((inside - low) & _STATE_MASK), range_, words)


class ConstrictionDecoder:
    """The compiled decoder of the library constriction; it reads the messages of either encoder."""

    def __init__(self, data: bytes) -> None:
        import constriction

        padded = data.ljust(-(-len(data) // _WORD_BYTES) * _WORD_BYTES, b"\0")
        words = np.frombuffer(padded, ">u4").astype(np.uint32)
        self._coder = constriction.stream.queue.RangeDecoder(words)

    def decode(self, count: int, table: Table) -> Int32:
        try:
            symbols: Int32 = self._coder.decode(table.categorical, count)
        except AssertionError as error:  # constriction raises it for impossible data
            raise FormatError(_DAMAGED) from error
        return symbols

    def decode_with_tables(self, tables: Sequence[Table]) -> list[int]:
        return [int(self.decode(1, table)[0]) for table in tables]


class RangeCoder(NamedTuple):
    """An implementation of the range coder; all implementations write and read the same bytes.

    >>> encoder, table = FASTEST.encoder(), Table([65000, 500, 36])
    >>> encoder.encode(np.array([0, 0, 2, 1], np.int32), table)
    >>> PYTHON.decoder(encoder.finish()).decode(4, table).tolist()
    [0, 0, 2, 1]
    """

    name: str
    encoder: Callable[[], Encoder]
    decoder: Callable[[bytes], Decoder]


PYTHON = RangeCoder("pure Python", PythonEncoder, PythonDecoder)
CONSTRICTION = RangeCoder("constriction", ConstrictionEncoder, ConstrictionDecoder)

FASTEST = CONSTRICTION if find_spec("constriction") else PYTHON
"""The fastest installed implementation."""


class ReencodingDecoder:
    """Decodes a message and encodes its symbols again, to detect messages that no encoder writes.

    >>> encoder, table = PYTHON.encoder(), Table([65000, 500, 36])
    >>> encoder.encode(np.array([0, 0, 2, 1], np.int32), table)
    >>> decoder = ReencodingDecoder(encoder.finish() + b"more", PYTHON)
    >>> decoder.decode(4, table).tolist(), decoder.reencoded() == encoder.finish()
    ([0, 0, 2, 1], True)
    """

    def __init__(self, data: bytes, coder: RangeCoder) -> None:
        self._decoder, self._encoder = coder.decoder(data), coder.encoder()

    def decode(self, count: int, table: Table) -> Int32:
        symbols = self._decoder.decode(count, table)
        self._encoder.encode(symbols, table)
        return symbols

    def decode_with_tables(self, tables: Sequence[Table]) -> list[int]:
        symbols = self._decoder.decode_with_tables(tables)
        self._encoder.encode_with_tables(symbols, tables)
        return symbols

    def reencoded(self) -> bytes:
        """Return the message that an encoder writes for the symbols decoded so far."""
        return self._encoder.finish()
