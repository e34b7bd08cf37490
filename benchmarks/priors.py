"""Which prior describes the codes of photographs in the fewest bits?

    python -m benchmarks.priors DATA TRAINED [--codec photo] [--level N] [--limit N]
                                      [--vectors N] [--json FILE]

All priors are fitted anew to the same codes, of tiles of the pictures in the folder TRAINED, and
measured on the same codes of the pictures in the folder DATA: ideal code lengths, in bits a pixel.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

import aecodec
from aecodec import Codec, images, tiling
from aecodec.dataset import open_dataset
from aecodec.fitting import fit_prior
from aecodec.neighbours import Codes, Grid
from aecodec.prior import Prior
from aecodec.training.context import fit_context
from aecodec.training.data import Tiles, open_pictures
from benchmarks.rows import codec_arguments, write_rows

_SIDE = 192
_EPOCHS = 4

InGrid = tuple[Codes, Grid]
Fit = Callable[[Codes, Grid], Prior]


def main() -> None:
    parser = codec_arguments(__doc__, "photo")
    parser.add_argument("trained", type=Path)
    parser.add_argument("--level", type=float)
    parser.add_argument("--limit", type=int, default=1000)
    parser.add_argument("--vectors", type=int, default=360_000, help="that priors are fitted on")
    options = parser.parse_args()
    codec = aecodec.load_codec(options.codec)
    samples = islice(open_dataset(options.data), options.limit)
    tested = [_coded(codec, sample.picture.pixels, options.level) for sample in samples]
    tiles = _tiles(codec, options.trained, options.vectors)
    fitted_on = _coded(codec, tiles, options.level)
    rows = []
    for row in _rows(fitted_on, tested, int(np.prod(codec.spec.tile))):
        print(row, flush=True)
        rows.append(row)
    write_rows(options.json, rows)


def _coded(codec: Codec, pixels: np.ndarray[Any, Any], level: float | None) -> InGrid:
    """Codes that are simply rounded: those that suit the codec's own prior would favour it."""
    picture = images.from_array(pixels)
    integers = codec.encoder.encode(picture, codec.encoder.header(picture)).integers
    return codec.spec.level(level).codes_in(integers), integers.shape[:3]


def _tiles(codec: Codec, folder: Path, vectors: int) -> np.ndarray[Any, Any]:
    """Squares cut out of pictures, as many as give so many code vectors."""
    tiles = Tiles(open_pictures(folder), (_SIDE, _SIDE), codec.spec.channels, flips=True)
    rows, columns = tiling.grid((_SIDE, _SIDE), codec.spec.tile)
    return tiles.batch(0, vectors // (rows * columns))


def _rows(fitted_on: InGrid, tested: Sequence[InGrid], pixels: int) -> Iterator[dict[str, Any]]:
    vectors = sum(len(codes) for codes, _ in tested)
    for name, fit in _candidates().items():
        start = time.perf_counter()
        prior = fit(*fitted_on)
        seconds = time.perf_counter() - start
        bits = sum(float(prior.bits(codes, grid).sum()) for codes, grid in tested)
        yield {
            "prior": name,
            "bpp": round(bits / (vectors * pixels), 4),
            "fitted_in_seconds": round(seconds),
        }


def _candidates() -> dict[str, Fit]:
    tables = {f"{count} tables that compete": count for count in (16, 64)}
    networks = {f"one table, a network of {units} units": units for units in (64, 256, 512)}
    return {
        "one table a channel": partial(_tables, count=1),
        **{name: partial(_tables, count=count) for name, count in tables.items()},
        "one table, a network of 512 units that sees its own vector alone": _own_vector,
        **{name: partial(_network, count=1, units=units) for name, units in networks.items()},
        "16 tables that compete, a network of 256 units": partial(_network, count=16, units=256),
    }


def _tables(codes: Codes, grid: Grid, count: int) -> Prior:
    return fit_prior(codes, count)


def _own_vector(codes: Codes, grid: Grid) -> Prior:
    """Channels in the context of those before."""
    return fit_context(fit_prior(codes, 1), codes, 512, _EPOCHS)


def _network(codes: Codes, grid: Grid, count: int, units: int) -> Prior:
    """And of the vectors around: what ships."""
    return fit_context(fit_prior(codes, count), codes, units, _EPOCHS, grid=grid)


if __name__ == "__main__":
    main()
