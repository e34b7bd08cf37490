"""The payload of a file: its code vectors, in one message or several.

Vectors that stand alone are one message. Those of pictures, which know their neighbours, are cut
into squares, each a message of its own: so memory is bounded however large a picture is, and all
cores work. What a square loses, not knowing what lies beyond its border, is little.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

import numpy as np

from aecodec.fields import Reader, block
from aecodec.levels import Int8, Level
from aecodec.neighbours import Codes, Grid
from aecodec.parallel import in_parallel
from aecodec.prior import Prior, check_length
from aecodec.symbols import Symbols
from aecodec.thrift import thrifty

SIDE = 128
"""Of a square, in vectors."""

_MOST = SIDE**2
"""Vectors of a segment."""


Shape = tuple[int, ...]
"""(N,) of vectors that stand alone, or (pictures, rows, columns) of vectors."""

SymbolsOf = Callable[[Int8], Symbols]
"""What an encoder makes of integers (*Shape, channels): see :mod:`aecodec.thrift`."""


class Segment(NamedTuple):
    """Vectors that make one message: slices of a :data:`Shape`."""

    places: tuple[slice, ...]

    @property
    def shape(self) -> Shape:
        """How many vectors each slice has."""
        return tuple(place.stop - place.start for place in self.places)

    @property
    def vectors(self) -> int:
        """How many vectors there are."""
        return math.prod(self.shape)

    @property
    def grid(self) -> Grid | None:
        """Their shape, if they have neighbours."""
        if len(self.places) == 1:
            return None
        pictures, rows, columns = self.shape
        return pictures, rows, columns


class Message(NamedTuple):
    """What a payload holds of a segment."""

    segment: Segment
    data: bytes

    def codes(self, prior: Prior) -> Codes:
        """The very codes (n, K) that were encoded.

        Raises:
            FormatError: no encoder writes this message for so many vectors.
        """
        return prior.decode(self.data, self.segment.vectors, self.segment.grid)


def segments_of(shape: Shape) -> list[Segment]:
    """Pictures in squares, row by row; of small pictures as many as make a square, whole.

    >>> [segment.shape for segment in segments_of((1, 100, 300))]
    [(1, 100, 128), (1, 100, 128), (1, 100, 44)]
    >>> [segment.shape for segment in segments_of((600, 5, 7))]
    [(468, 5, 7), (132, 5, 7)]
    >>> segments_of((100_000,))[0].shape
    (100000,)
    """
    if len(shape) == 1:
        return [Segment((slice(0, shape[0]),))]
    pictures, rows, columns = shape
    together = max(1, _MOST // (min(rows, SIDE) * min(columns, SIDE)))
    return [
        Segment((frames, down, across))
        for frames in _runs(pictures, together)
        for down in _runs(rows, SIDE)
        for across in _runs(columns, SIDE)
    ]


def _runs(count: int, length: int) -> list[slice]:
    return [slice(start, min(start + length, count)) for start in range(0, count, length)]


def encode(prior: Prior, symbols_of: SymbolsOf, integers: Int8) -> bytes:
    """The network's integers to payload.

    Args:
        prior: of a level.
        symbols_of: makes symbols of that level of integers.
        integers: (*Shape, channels), channels of all levels.
    """
    return joined_messages([message for message, _ in encoded(prior, symbols_of, integers)])


def encoded(prior: Prior, symbols_of: SymbolsOf, integers: Int8) -> Iterator[tuple[Message, Codes]]:
    """The messages of :func:`encode`, each with its codes (n, K)."""

    def message(segment: Segment) -> tuple[Message, Codes]:
        symbols = symbols_of(integers[segment.places])
        data = prior.message(symbols, segment.grid)  # which decides the codes
        return Message(segment, data), symbols.codes

    return in_parallel(message, segments_of(integers.shape[:-1]))


def joined_messages(messages: list[Message]) -> bytes:
    """Payload; all messages but the last say how long they are."""
    *others, last = (message.data for message in messages)
    return b"".join(map(block, others)) + last


def codes(prior: Prior, symbols_of: SymbolsOf, integers: Int8) -> Iterator[tuple[Segment, Codes]]:
    """Segments, and the codes (n, K) of each that :func:`encode` makes messages of."""

    def settled(segment: Segment) -> tuple[Segment, Codes]:
        return segment, symbols_of(integers[segment.places]).settled(prior, segment.grid)

    return in_parallel(settled, segments_of(integers.shape[:-1]))


def settled(prior: Prior, level: Level, integers: Int8) -> Codes:
    """The codes (N, K), in the order of the integers, that an encoder's files of a level hold."""
    parts = codes(prior, partial(thrifty, level), integers)
    return joined(parts, integers.shape[:-1], level)


def messages(payload: bytes, shape: Shape) -> list[Message]:
    """The messages of a payload, segment after segment.

    Args:
        payload: what :func:`encode` returned.
        shape: of the integers that it was given, without the channels.

    Raises:
        FormatError: the payload is too short for so many vectors: at once, so that the caller need
            not allocate anything.
    """
    segments = segments_of(shape)
    found = list(map(Message, segments, _cut(payload, len(segments))))
    for segment, data in found:
        check_length(data, segment.vectors, segment.grid)
    return found


def joined(parts: Iterator[tuple[Segment, Codes]], shape: Shape, level: Level) -> Codes:
    """The codes (N, K) of all segments of a shape, in its order."""
    codes = np.empty((*shape, level.stop - level.start), np.int16)
    for segment, part in parts:
        codes[segment.places] = part.reshape(*segment.shape, -1)
    return codes.reshape(-1, codes.shape[-1])


def _cut(payload: bytes, count: int) -> Iterator[bytes]:
    """What :func:`joined_messages` joined."""
    reader = Reader(payload)
    for _ in range(count - 1):
        yield reader.block()
    yield reader.rest()
