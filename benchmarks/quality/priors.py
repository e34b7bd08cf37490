"""Which prior describes the codes of photographs in the fewest bits?

All priors are fitted to the same codes, of tiles of the pictures in the folder `trained`, and
measured on the same codes of the pictures in the folder `data`: ideal code lengths, in bits per
pixel.
"""

from __future__ import annotations

import time
from argparse import Namespace
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

import aecodec
from aecodec import Codec, Picture
from aecodec.arrays import Codes, Pixels
from aecodec.datasets.tiles import Tiles
from aecodec.datasets.training_pictures import open_pictures
from aecodec.entropy import coding
from aecodec.entropy.prior import Prior
from aecodec.entropy.spatial_context import Grid
from aecodec.imaging.tiling import grid_of
from aecodec.prior_fitting.context_fitting import fit_context
from aecodec.prior_fitting.table_fitting import fit_prior
from benchmarks.harness import Options, Row
from benchmarks.pictures import first_pictures

_SIDE = 192
"""Side of the tiles in pixels."""

_EPOCHS = 4


class CodesInGrid(NamedTuple):
    """Codes (N, K), and where their vectors lie in pictures."""

    codes: Codes
    grid: Grid


Fit = Callable[[CodesInGrid], Prior]


def add_arguments(parser: Options) -> None:
    """Add both folders of pictures, the codec, its level, and the number of code vectors."""
    parser.add_data(help="pictures to measure on")
    parser.add_codec("photo")
    parser.add_data("trained", help="pictures to fit priors to")
    parser.add_argument("--level", type=float)
    parser.add_limit()
    parser.add_argument(
        "--vectors", type=int, default=360_000, help="code vectors that priors are fitted to"
    )


def measure(options: Namespace) -> Iterator[Row]:
    """One row per prior."""
    codec = aecodec.load_codec(options.codec)
    pictures = first_pictures(options.data, options.limit)
    measured = [_rounded_codes(codec, picture, options.level) for picture in pictures]
    tiles = _tiles(codec, options.trained, options.vectors)
    fitted_to = _rounded_codes(codec, Picture(tiles), options.level)
    pixels = sum(len(each.codes) for each in measured) * int(np.prod(codec.spec.tile))
    for name, fit in _fits().items():
        start = time.perf_counter()
        prior = fit(fitted_to)
        seconds = time.perf_counter() - start
        bpp = round(_total_bits(prior, measured) / pixels, 4)
        yield {"prior": name, "bpp": bpp, "fitted_in_seconds": round(seconds)}


def _rounded_codes(codec: Codec, picture: Picture, level: float | None) -> CodesInGrid:
    """Codes by plain rounding: those of RDOQ would favour the prior of the codec."""
    latents = codec.encoder.encode(picture, codec.encoder.header(picture)).latents
    chosen = codec.spec.level(level)
    frames, rows, columns = latents.shape[:3]
    return CodesInGrid(chosen.quantize(chosen.channels_of(latents)), (frames, rows, columns))


def _tiles(codec: Codec, folder: Path, vectors: int) -> Pixels:
    """Tiles cut out of pictures, as many as have this number of code vectors."""
    tiles = Tiles(open_pictures(folder), (_SIDE, _SIDE), codec.spec.channels, flips=True)
    rows, columns = grid_of((_SIDE, _SIDE), codec.spec.tile)
    return tiles.batch(0, vectors // (rows * columns))


def _total_bits(prior: Prior, measured: Sequence[CodesInGrid]) -> float:
    return sum(float(coding.bits(prior, codes, grid).sum()) for codes, grid in measured)


def _fits() -> dict[str, Fit]:
    """Ways to fit a prior, by name."""
    tables = {f"{count} competing tables": count for count in (16, 64)}
    networks = {f"one table, network of {units} units": units for units in (64, 256, 512)}
    return {
        "one table per channel": partial(_tables, count=1),
        **{name: partial(_tables, count=count) for name, count in tables.items()},
        "one table, network of 512 units without spatial context": _without_spatial_context,
        **{name: partial(_network, count=1, units=units) for name, units in networks.items()},
        "16 competing tables, network of 256 units": partial(_network, count=16, units=256),
    }


def _tables(fitted_to: CodesInGrid, count: int) -> Prior:
    return fit_prior(fitted_to.codes, count)


def _without_spatial_context(fitted_to: CodesInGrid) -> Prior:
    """Each channel in the context of the channels before it in the same vector."""
    return fit_context(fit_prior(fitted_to.codes, 1), fitted_to.codes, 512, _EPOCHS)


def _network(fitted_to: CodesInGrid, count: int, units: int) -> Prior:
    """Each channel in the context of its own vector and of the vectors around it, as in `photo`."""
    prior = fit_prior(fitted_to.codes, count)
    return fit_context(prior, fitted_to.codes, units, _EPOCHS, grid=fitted_to.grid)
