"""What do a codec's levels cost beside JPEG, WebP, JPEG XL and AVIF at equal quality?

    python -m benchmarks.rate_distortion DATA [--codec NAME|DIR] [--limit N] [--between 27 32]
                                              [--json FILE] [--plot FILE]

DATA is a folder of pictures, or an array of them. Whole files, every picture by itself; PSNR of the
mean squared error. The BD-rate is the mean difference in bytes at equal PSNR, -30 % being files
0.7 times as large.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

import aecodec
from aecodec import Codec
from aecodec.dataset import open_dataset
from aecodec.figures import rate_distortion_figure
from aecodec.images import Pixels
from benchmarks.bd_rate import bd_rate
from benchmarks.peers_in_pillow import LOSSY, measure, restored, saved
from benchmarks.rows import write_rows

_ALL = (-np.inf, np.inf)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--codec", default="digits")
    parser.add_argument("--limit", type=int, default=1000)
    parser.add_argument("--between", type=float, nargs=2, default=_ALL, metavar=("DB", "DB"))
    parser.add_argument("--json", type=Path)
    parser.add_argument("--plot", type=Path)
    options = parser.parse_args()
    samples = islice(open_dataset(options.data), options.limit)
    pictures = [_squeezed(sample.picture.pixels[0]) for sample in samples]
    rows = []
    for row in _rows(aecodec.load_codec(options.codec), pictures):
        print(row, flush=True)
        rows.append(row)
    summary = list(_bd_rates(rows, tuple(options.between)))
    for row in summary:
        print(f"BD-rate against {row['format']}: {row['bd_rate']:+.1%}")
    write_rows(options.json, rows + summary)
    if options.plot:
        options.plot.write_bytes(rate_distortion_figure(_curves(rows, "bpp")))


def _squeezed(pixels: Pixels) -> Pixels:
    return pixels[..., 0] if pixels.shape[-1] == 1 else pixels


def _rows(codec: Codec, pictures: Sequence[Pixels]) -> Iterator[dict[str, Any]]:
    for level in range(1, len(codec.spec.levels) + 1):

        def ours(picture: Pixels, level: int = level) -> tuple[int, Pixels]:
            file = codec.compress(picture, level)
            return len(file), np.asarray(codec.decompress(file))

        yield {"format": "aecodec", "setting": level, **measure(pictures, ours)}
    for title, (name, settings, qualities) in LOSSY.items():
        for quality in qualities:

            def theirs(
                picture: Pixels,
                name: str = name,
                settings: dict[str, Any] = {**settings, "quality": quality},  # noqa: B006
            ) -> tuple[int, Pixels]:
                file = saved(picture, name, settings)
                return len(file), restored(file, picture)

            yield {"format": title, "setting": quality, **measure(pictures, theirs)}


def _curves(rows: Sequence[dict[str, Any]], rate: str) -> dict[str, list[tuple[float, float]]]:
    formats = dict.fromkeys(row["format"] for row in rows)
    return {
        name: [(row[rate], row["psnr"]) for row in rows if row["format"] == name]
        for name in formats
    }


def _bd_rates(
    rows: Sequence[dict[str, Any]], between: tuple[float, float]
) -> Iterator[dict[str, Any]]:
    curves = _curves(rows, "bytes")
    ours = curves.pop("aecodec")
    for name, curve in curves.items():
        yield {"format": name, "bd_rate": round(bd_rate(ours, curve, between), 4)}


if __name__ == "__main__":
    main()
