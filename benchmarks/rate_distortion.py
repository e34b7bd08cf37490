"""What do a codec's levels cost beside JPEG, WebP, JPEG XL and AVIF at equal quality?

    python -m benchmarks.rate_distortion DATA [--codec NAME|DIR] [--limit N]
                                              [--between 27 32] [--bpp 0.15 0.9]
                                              [--json FILE] [--plot FILE]

DATA is a folder of pictures, or an array of them. Whole files, every picture by itself. The
BD-rate is the mean difference in bytes at equal quality, -30 % being files 0.7 times as large: by
the PSNR of the mean squared error, by the mean of the pictures' PSNR, and by MS-SSIM. It is taken
over what both formats reach; `--between` counts only qualities of so many dB, `--bpp` only those
that our files give at so many bits a pixel.
"""

from __future__ import annotations

import math
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
from benchmarks.bd_rate import bd_rate, qualities_at
from benchmarks.peers_in_pillow import LOSSY, measure, restored, saved
from benchmarks.rows import codec_arguments, write_rows

_ALL = (-np.inf, np.inf)
_BD_RATES = {"bd_rate": "psnr", "bd_rate_mean_psnr": "mean_psnr", "bd_rate_ms_ssim": "ms_ssim"}


def main() -> None:
    parser = codec_arguments(__doc__, "digits")
    parser.add_argument("--limit", type=int, default=1000)
    parser.add_argument("--between", type=float, nargs=2, default=_ALL, metavar=("DB", "DB"))
    parser.add_argument("--bpp", type=float, nargs=2, default=_ALL, metavar=("LOW", "HIGH"))
    parser.add_argument("--plot", type=Path)
    options = parser.parse_args()
    samples = islice(open_dataset(options.data), options.limit)
    pictures = [_squeezed(sample.picture.pixels[0]) for sample in samples]
    rows = []
    for row in _rows(aecodec.load_codec(options.codec), pictures):
        print(row, flush=True)
        rows.append(row)
    summary = list(_bd_rates(rows, tuple(options.between), tuple(options.bpp)))
    for row in summary:
        rates = ", ".join(f"{row[name]:+.1%} ({measure})" for name, measure in _BD_RATES.items())
        print(f"BD-rate against {row['format']}: {rates}")
    write_rows(options.json, rows + summary)
    if options.plot:
        options.plot.write_bytes(rate_distortion_figure(_curves(rows, "psnr")))


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


def _curves(rows: Sequence[dict[str, Any]], quality: str) -> dict[str, list[tuple[float, float]]]:
    formats = dict.fromkeys(row["format"] for row in rows)
    return {
        name: [(row["bpp"], _in_db(row, quality)) for row in rows if row["format"] == name]
        for name in formats
    }


def _in_db(row: dict[str, Any], quality: str) -> float:
    """MS-SSIM as -10 log10 of what it lacks to 1, as is usual."""
    value = float(row[quality])
    return -10 * math.log10(1 - value) if quality == "ms_ssim" else value


def _bd_rates(
    rows: Sequence[dict[str, Any]], between: tuple[float, float], bpp: tuple[float, float]
) -> Iterator[dict[str, Any]]:
    curves = {quality: _curves(rows, quality) for quality in _BD_RATES.values()}
    for name in dict.fromkeys(row["format"] for row in rows):
        if name == "aecodec":
            continue
        rates = {}
        for title, quality in _BD_RATES.items():
            ours, theirs = curves[quality]["aecodec"], curves[quality][name]
            counted = _within(qualities_at(ours, bpp), between if quality == "psnr" else _ALL)
            rates[title] = round(bd_rate(ours, theirs, counted), 4)
        yield {"format": name, **rates}


def _within(one: tuple[float, float], other: tuple[float, float]) -> tuple[float, float]:
    """What two intervals share."""
    return max(one[0], other[0]), min(one[1], other[1])


if __name__ == "__main__":
    main()
