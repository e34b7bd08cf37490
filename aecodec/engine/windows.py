"""Fully convolutional networks on pictures of any size, window by window.

A window is a rectangle of tiles. The network also gets a margin around it, as wide as its receptive
field, and its results for the margin are discarded. At the borders of the picture there is no
margin, so the network pads the picture itself. The result is identical to processing the whole
picture at once, but memory is bounded and all cores work.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise, product
from typing import Any

import numpy as np
import numpy.typing as npt

from aecodec.arrays import Latents, LatentSource, Pixels
from aecodec.engine.transform import Transform, to_int8, to_pixels
from aecodec.imaging.tiling import grid_of, pad_to_tiles
from aecodec.parallel import Workers

Tile = tuple[int, int]
"""(height, width) of a tile in pixels."""


@dataclass(frozen=True)
class Span:
    """One side of a window, in tiles: results from `start` to `stop`, seen from `low` to `high`."""

    start: int
    stop: int
    low: int
    high: int

    def seen(self, side: int = 1) -> slice:
        """The input of the network, in units of 1 / `side` tile."""
        return slice(self.low * side, self.high * side)

    def kept(self, side: int = 1) -> slice:
        """The results to keep, relative to the input."""
        return slice((self.start - self.low) * side, (self.stop - self.low) * side)

    def place(self, side: int = 1) -> slice:
        """The results to keep, relative to the whole picture."""
        return slice(self.start * side, self.stop * side)


Window = tuple[int, Span, Span]
"""Frame, rows and columns of a window."""


@dataclass(frozen=True)
class Windows:
    """How pictures are cut into windows, and the workers that share them.

    `tile` is the (height, width) in pixels that a code vector stands for, `receptive_field` the
    number of tiles beyond a tile that the network sees, and `side` the longest side of a window in
    tiles, without its margins.
    """

    tile: Tile
    receptive_field: int
    side: int
    workers: Workers = Workers()

    def encode(self, transform: Transform, pixels: Pixels) -> Latents:
        """Encode pictures (F, H, W, C) to latents (F, rows, columns, K), one vector per tile.

        The transform maps (1, h, w, C) to (1, h / tile, w / tile, K) for whole numbers of tiles.
        Incomplete tiles are filled by repeating the edge of the picture.
        """
        rows, columns = grid_of(pixels.shape[2:0:-1], self.tile)

        def run(window: Window) -> Latents:
            frame, down, across = window
            seen = pixels[frame : frame + 1, down.seen(self.tile[0]), across.seen(self.tile[1])]
            outputs = transform(to_int8(pad_to_tiles(seen, self.tile)))
            return outputs[0, down.kept(), across.kept()]

        return self._join(run, (len(pixels), rows, columns), (1, 1), (rows, columns))

    def decode(self, transform: Transform, latents: LatentSource, size: tuple[int, int]) -> Pixels:
        """Decode latents (F, rows, columns, K) to pictures (F, H, W, C) of (width, height) `size`.

        The transform maps (1, rows, columns, K) to (1, rows * tile, columns * tile, C). Raises
        FormatError if latents are decoded on demand and turn out to be damaged.

        >>> enlarge = lambda latents: latents.repeat(2, axis=1).repeat(2, axis=2)
        >>> windows = Windows((2, 2), receptive_field=1, side=96)
        >>> windows.decode(enlarge, np.zeros((3, 40, 70, 1), np.int8), size=(139, 80)).shape
        (3, 80, 139, 1)
        """
        frames, rows, columns = latents.shape[:3]
        height, width = self.tile

        def run(window: Window) -> Pixels:
            frame, down, across = window
            whole = transform(latents[frame : frame + 1, down.seen(), across.seen()])
            return to_pixels(whole[0, down.kept(height), across.kept(width)])

        return self._join(run, (frames, rows, columns), self.tile, size[::-1])

    def _join(
        self,
        run: Callable[[Window], npt.NDArray[Any]],
        shape: tuple[int, int, int],
        tile: Tile,
        size: tuple[int, int],
    ) -> npt.NDArray[Any]:
        """Run a function on all windows, and join its results to (F, *size, channels)."""
        windows = list(product(range(shape[0]), self.spans(shape[1]), self.spans(shape[2])))
        whole = np.empty(0, np.int8)
        for window, part in zip(windows, self.workers.map(run, windows), strict=True):
            frame, down, across = window
            if not whole.size:
                whole = np.empty((shape[0], *size, part.shape[-1]), part.dtype)
            place = whole[frame, down.place(tile[0]), across.place(tile[1])]
            place[...] = part[: place.shape[0], : place.shape[1]]
        return whole

    def spans(self, count: int) -> list[Span]:
        """Divide `count` tiles into the sides of windows, which all have inputs of the same length.

        Resizing a network for a new shape takes long.

        >>> spans = Windows((16, 16), receptive_field=9, side=96).spans(200)
        >>> [(span.start, span.stop, span.low, span.high) for span in spans]
        [(0, 100, 0, 109), (100, 200, 91, 200)]
        """
        margin = self.receptive_field
        number = max(1, -(-(count - 2 * margin) // self.side))
        seen = -(-(count + 2 * (number - 1) * margin) // number)
        lows = [(count - seen) * n // max(1, number - 1) for n in range(number)]
        ends = [0, *(low + margin for low in lows[1:]), count]
        return [
            Span(start, stop, low, low + seen)
            for (start, stop), low in zip(pairwise(ends), lows, strict=True)
        ]
