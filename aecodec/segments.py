"""The payload of a file: its code vectors, in one message or several.

Vectors that stand alone are one message. Those of pictures, which know their neighbours, are cut
into squares, each a message of its own: so memory is bounded however large a picture is, and all
cores work. What a square loses, not knowing what lies beyond its border, is little.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from aecodec.fields import Reader, block
from aecodec.levels import Codes
from aecodec.neighbours import Grid
from aecodec.parallel import in_parallel
from aecodec.prior import Prior

SIDE = 128
"""Of a square, in vectors."""

_MOST = SIDE**2
"""Vectors of a segment."""


@dataclass(frozen=True)
class Segment:
    """A part of a file's pictures, as slices of (pictures, rows, columns)."""

    places: tuple[slice, slice, slice]

    @property
    def grid(self) -> Grid:
        """How many pictures, rows and columns."""
        pictures, rows, columns = (place.stop - place.start for place in self.places)
        return pictures, rows, columns

    @property
    def count(self) -> int:
        """How many vectors."""
        pictures, rows, columns = self.grid
        return pictures * rows * columns


def segments_of(grid: Grid) -> list[Segment]:
    """Pictures in squares, row by row; of small pictures as many as make a square, whole.

    Args:
        grid: (pictures, rows, columns) of vectors.

    >>> [segment.grid for segment in segments_of((1, 100, 300))]
    [(1, 100, 128), (1, 100, 128), (1, 100, 44)]
    >>> [segment.grid for segment in segments_of((600, 5, 7))]
    [(468, 5, 7), (132, 5, 7)]
    """
    pictures, rows, columns = grid
    together = max(1, _MOST // (min(rows, SIDE) * min(columns, SIDE)))
    return [
        Segment((frames, down, across))
        for frames in _runs(pictures, together)
        for down in _runs(rows, SIDE)
        for across in _runs(columns, SIDE)
    ]


def _runs(count: int, length: int) -> list[slice]:
    return [slice(start, min(start + length, count)) for start in range(0, count, length)]


def encode(prior: Prior, codes: Codes, grid: Grid | None) -> bytes:
    """Codes to payload.

    Args:
        prior: of their level.
        codes: (N, K).
        grid: where they lie in pictures; None for vectors that stand alone.
    """
    if grid is None:
        return prior.encode(codes)
    whole = codes.reshape(*grid, -1)

    def message(segment: Segment) -> bytes:
        return prior.encode(whole[segment.places].reshape(segment.count, -1), segment.grid)

    *others, last = in_parallel(message, segments_of(grid))
    return b"".join(map(block, others)) + last


def decode(prior: Prior, payload: bytes, count: int, grid: Grid | None) -> Codes:
    """Payload to codes.

    Args:
        prior: of their level.
        payload: what :func:`encode` returned.
        count: N, how many vectors it holds.
        grid: where they lie in pictures, as it was encoded.

    Returns:
        (N, K) int16, the very integers that were encoded.

    Raises:
        FormatError: the payload is not one that an encoder writes for so many vectors.
    """
    if grid is None:
        return prior.decode(payload, count)
    codes = np.empty((*grid, prior.code_dimension), np.int16)
    segments = segments_of(grid)
    work = list(zip(segments, _messages(payload, len(segments)), strict=True))

    def decoded(segment: Segment, message: bytes) -> None:
        vectors = prior.decode(message, segment.count, segment.grid)
        codes[segment.places] = vectors.reshape(*segment.grid, -1)

    for _ in in_parallel(lambda each: decoded(*each), work):
        pass
    return codes.reshape(count, -1)


def _messages(payload: bytes, count: int) -> Iterator[bytes]:
    """All but the last say how long they are."""
    reader = Reader(payload)
    for _ in range(count - 1):
        yield reader.block()
    yield reader.rest()
