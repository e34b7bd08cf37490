"""Fully convolutional networks on pictures of any size, window by window.

A window is a square of tiles and, around it, as many more as the network looks beyond a tile; what
comes of those is thrown away. Windows end where the picture ends, so that the network's own padding
is the picture's. So each tile's result is that of the whole picture at once, and memory is bounded.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aecodec.parallel import in_parallel
from aecodec.transforms import Int8, Transform

WINDOW = 32
"""Side of a window in tiles, without what is around it."""

Cell = tuple[int, int]
"""(height, width) of what an array holds for one tile."""


def encode(transform: Transform, pixels: Int8, tile: Cell, reach: int) -> Int8:
    """Pictures to a code vector a tile.

    Args:
        transform: (1, h, w, C) to (1, h / tile, w / tile, K), for any whole number of tiles.
        pixels: (F, H, W, C), sides in multiples of the tile's.
        tile: (height, width).
        reach: how many tiles beyond a tile the network looks.

    Returns:
        (F, rows, columns, K).
    """
    return _in_windows(transform, pixels, tile, (1, 1), reach)


def decode(transform: Transform, codes: Int8, tile: Cell, reach: int) -> Int8:
    """What :func:`encode` made, back to (F, H, W, C).

    >>> enlarge = lambda codes: codes.repeat(2, axis=1).repeat(2, axis=2)
    >>> decode(enlarge, np.zeros((3, 40, 70, 1), np.int8), (2, 2), reach=1).shape
    (3, 80, 140, 1)
    """
    return _in_windows(transform, codes, (1, 1), tile, reach)


@dataclass(frozen=True)
class _Span:
    """One side of a window, in tiles: `start` to `stop`, seen from `low` to `high`."""

    start: int
    stop: int
    low: int
    high: int

    def seen(self, cell: int) -> slice:
        return slice(self.low * cell, self.high * cell)

    def kept(self, cell: int) -> slice:
        return slice((self.start - self.low) * cell, (self.stop - self.low) * cell)

    def place(self, cell: int) -> slice:
        return slice(self.start * cell, self.stop * cell)


Place = tuple[int, _Span, _Span]
"""A window: its frame, its rows and its columns."""


def _spans(count: int, reach: int) -> list[_Span]:
    """The windows' sides along `count` tiles."""
    return [
        _Span(start, stop, max(0, start - reach), min(count, stop + reach))
        for start in range(0, count, WINDOW)
        for stop in [min(start + WINDOW, count)]
    ]


def _in_windows(transform: Transform, whole: Int8, taken: Cell, given: Cell, reach: int) -> Int8:
    frames, height, width = whole.shape[:3]
    rows, columns = height // taken[0], width // taken[1]
    places = [
        (frame, down, across)
        for frame in range(frames)
        for down in _spans(rows, reach)
        for across in _spans(columns, reach)
    ]

    def run(place: Place) -> Int8:
        frame, down, across = place
        seen = whole[frame : frame + 1, down.seen(taken[0]), across.seen(taken[1])]
        return transform(seen)[0, down.kept(given[0]), across.kept(given[1])]

    results = in_parallel(run, places)
    result = np.empty(0, np.int8)
    for (frame, down, across), window in zip(places, results, strict=True):
        if not result.size:
            shape = (frames, rows * given[0], columns * given[1], window.shape[-1])
            result = np.empty(shape, np.int8)
        result[frame, down.place(given[0]), across.place(given[1])] = window
    return result
