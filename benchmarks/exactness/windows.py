"""Do the windows in which networks see large pictures leave traces in codes or pixels?

Pictures go through the networks in small windows, and whole: how many codes and pixels differ, and
how large the jumps of the reconstruction's error are between two neighbouring pixels, across the
borders of windows, and across the other borders of tiles, inside windows.
"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

import aecodec
from aecodec import Codec
from aecodec.arrays import Codes, Pixels
from aecodec.imaging.tiling import grid_of
from benchmarks.harness import Options, Row
from benchmarks.pictures import first_pictures

_WHOLE = 1 << 20
"""A window that no picture exceeds, in tiles."""

Jumps = npt.NDArray[np.int16]


@dataclass(frozen=True)
class Comparison:
    """One picture in windows against the same picture as a whole.

    Attributes:
        codes: share of the codes that differ.
        pixels: share of the decoded pixels that differ.
        across: jumps of the error across the borders of windows; none for a single window.
        inside: jumps of the error across the other borders of tiles.
    """

    codes: float
    pixels: float
    across: Jumps
    inside: Jumps


def add_arguments(parser: Options) -> None:
    """Add the data, the codec and the window."""
    parser.add_data()
    parser.add_codec("photo")
    parser.add_argument("--window", type=int, default=16, help="side of the windows in tiles")
    parser.add_limit()


def measure(options: Namespace) -> Iterator[Row]:
    """One row."""
    codec = aecodec.load_codec(options.codec)
    whole, in_windows = (
        Codec(codec.folder, replace(codec.execution, window=window))
        for window in (_WHOLE, options.window)
    )
    pictures = first_pictures(options.data, options.limit)
    found = [_compare(whole, in_windows, picture.pixels) for picture in pictures]
    across = np.concatenate([each.across for each in found])
    inside = np.concatenate([each.inside for each in found])
    yield {
        "window_tiles": options.window,
        "pictures": len(found),
        "codes_that_differ": float(np.mean([each.codes for each in found])),
        "pixels_that_differ": float(np.mean([each.pixels for each in found])),
        "largest_jump_across": int(across.max(initial=0)),
        "largest_jump_inside": int(inside.max(initial=0)),
        "mean_jump_across": _mean(across),
        "mean_jump_inside": _mean(inside),
    }


def _mean(jumps: Jumps) -> float | None:
    return round(float(jumps.mean()), 4) if jumps.size else None


def _compare(whole: Codec, in_windows: Codec, pixels: Pixels) -> Comparison:
    expected_codes, expected = _round_trip(whole, pixels)
    codes, decoded = _round_trip(in_windows, pixels)
    jumps = np.abs(np.diff(decoded.astype(np.int16) - pixels, axis=2))
    side = in_windows.spec.tile[1]
    borders = _borders(in_windows, pixels)
    others = np.setdiff1d(range(side - 1, jumps.shape[2], side), borders)
    return Comparison(
        codes=float((codes != expected_codes).mean()),
        pixels=float((decoded != expected).mean()),
        across=jumps[:, :, borders].ravel(),
        inside=jumps[:, :, others].ravel(),
    )


def _round_trip(codec: Codec, pixels: Pixels) -> tuple[Codes, Pixels]:
    codes = codec.encoder.codes(pixels)
    return codes, codec.decoder.reconstruct(codes, size=(pixels.shape[2], pixels.shape[1]))


def _borders(codec: Codec, pixels: Pixels) -> list[int]:
    """The columns of pixels after which another window begins."""
    _, columns = grid_of((pixels.shape[2], pixels.shape[1]), codec.spec.tile)
    *spans, _ = codec.encoder.windows().spans(columns)
    return [codec.spec.tile[1] * span.stop - 1 for span in spans]
