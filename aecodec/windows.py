"""Fully convolutional networks on pictures of any size, window by window.

A window is a rectangle of tiles and, around it, as many more as the network looks beyond a tile;
what comes of those is thrown away. Windows end where the picture ends, so that the network's own
padding is the picture's. So each tile's result is that of the whole picture at once, memory is
bounded, and all cores work.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise, product
from typing import Protocol

import numpy as np

from aecodec.parallel import in_parallel
from aecodec.tiling import Pixels, covered, grid
from aecodec.transforms import Int8, Transform, to_int8, to_pixels

WINDOW = 96
"""The longest side of a window in tiles, without what is around it on both sides."""

Tile = tuple[int, int]
"""(height, width) in pixels."""


@dataclass(frozen=True)
class Span:
    """One side of a window, in tiles: `start` to `stop`, seen from `low` to `high`."""

    start: int
    stop: int
    low: int
    high: int

    def seen(self, side: int = 1) -> slice:
        return slice(self.low * side, self.high * side)

    def kept(self, side: int = 1) -> slice:
        """Of what was seen."""
        return slice((self.start - self.low) * side, (self.stop - self.low) * side)

    def place(self, side: int = 1) -> slice:
        return slice(self.start * side, self.stop * side)


Window = tuple[int, Span, Span]
"""Its frame, its rows and its columns."""


Places = tuple[slice, slice, slice]
"""Of frames, rows and columns."""


class PartByPart(Protocol):
    """Integers (F, rows, columns, K), int8: an array, or what becomes one."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Of all that there will be."""

    def __getitem__(self, places: Places, /) -> Int8:
        """A part, as soon as it is there."""


def encode(transform: Transform, pixels: Pixels, tile: Tile, reach: int) -> Int8:
    """Pictures to the integers of a code vector a tile.

    Args:
        transform: (1, h, w, C) to (1, h / tile, w / tile, K), for any whole number of tiles.
        pixels: (F, H, W, C); the last tiles repeat the edge.
        tile: what a code vector stands for.
        reach: how many tiles beyond a tile the network looks.

    Returns:
        (F, rows, columns, K).
    """
    rows, columns = grid(pixels.shape[2:0:-1], tile)

    def run(window: Window) -> Int8:
        frame, down, across = window
        seen = pixels[frame : frame + 1, down.seen(tile[0]), across.seen(tile[1])]
        return transform(to_int8(covered(seen, tile)))[0, down.kept(), across.kept()]

    windows = _windows(len(pixels), rows, columns, reach)
    integers = np.empty(0, np.int8)
    for (frame, down, across), part in zip(windows, in_parallel(run, windows), strict=True):
        if not integers.size:
            integers = np.empty((len(pixels), rows, columns, part.shape[-1]), np.int8)
        integers[frame, down.place(), across.place()] = part
    return integers


def decode(
    transform: Transform, integers: PartByPart, tile: Tile, reach: int, size: tuple[int, int]
) -> Pixels:
    """What :func:`encode` made, back to pictures of (width, height): (F, H, W, C).

    Raises:
        FormatError: integers that should have arrived are damaged.

    >>> enlarge = lambda integers: integers.repeat(2, axis=1).repeat(2, axis=2)
    >>> decode(enlarge, np.zeros((3, 40, 70, 1), np.int8), (2, 2), reach=1, size=(139, 80)).shape
    (3, 80, 139, 1)
    """
    frames, rows, columns = integers.shape[:3]

    def run(window: Window) -> Pixels:
        frame, down, across = window
        whole = transform(integers[frame : frame + 1, down.seen(), across.seen()])
        return to_pixels(whole[0, down.kept(tile[0]), across.kept(tile[1])])

    windows = _windows(frames, rows, columns, reach)
    pixels = np.empty(0, np.uint8)
    for (frame, down, across), part in zip(windows, in_parallel(run, windows), strict=True):
        if not pixels.size:
            pixels = np.empty((frames, size[1], size[0], part.shape[-1]), np.uint8)
        place = pixels[frame, down.place(tile[0]), across.place(tile[1])]
        place[...] = part[: place.shape[0], : place.shape[1]]
    return pixels


def _windows(frames: int, rows: int, columns: int, reach: int) -> list[Window]:
    return list(product(range(frames), spans(rows, reach), spans(columns, reach)))


def spans(count: int, reach: int) -> list[Span]:
    """The windows' sides along `count` tiles; all see as many, for to resize a network takes long.

    >>> [(span.start, span.stop, span.low, span.high) for span in spans(200, reach=9)]
    [(0, 100, 0, 109), (100, 200, 91, 200)]
    """
    number = max(1, -(-(count - 2 * reach) // WINDOW))
    seen = -(-(count + 2 * (number - 1) * reach) // number)
    lows = [(count - seen) * n // max(1, number - 1) for n in range(number)]
    ends = [0, *(low + reach for low in lows[1:]), count]
    return [
        Span(start, stop, low, low + seen)
        for (start, stop), low in zip(pairwise(ends), lows, strict=True)
    ]
