"""How do crops of photographs look beside WebP, JPEG XL and AVIF in files of the same size?

The pictures are six that wheels carry under free licences, unless crops of others are given: four
of scikit-image, in the public domain, and two of scikit-learn, CC BY 2.0. The other formats' files
are those of the lowest quality that makes them no smaller than aecodec's. Bytes, PSNR and
SSIMULACRA2 are those of the whole picture; the figures, one for each level, show the crops, each
pixel enlarged, with the score by SSIMULACRA2 below.
"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

import aecodec
from aecodec import metrics
from aecodec.arrays import Pixels
from aecodec.evaluation.equal_bytes import CODEC_TITLE, File, files_at
from aecodec.evaluation.formats import COMPARED_FORMATS
from aecodec.imaging.plots import Panel, pictures_figure
from benchmarks.harness import Options, Row
from benchmarks.pictures import carried_picture

_CROPS = (
    ("astronaut.png", "165", "60", "120", "80"),  # a face
    ("chelsea.png", "150", "50", "120", "80"),  # fur
    ("coffee.png", "475", "40", "120", "80"),  # grain of wood
    ("rocket.jpg", "265", "100", "120", "80"),  # sky at dusk
    ("china.jpg", "140", "108", "120", "80"),  # fine lines
    ("flower.jpg", "140", "150", "120", "80"),  # petals before an even background
)
_LEVELS = (2.0, 4.0)
_TITLES = ("original", CODEC_TITLE, *(other.title for other in COMPARED_FORMATS))


class Crop(NamedTuple):
    """A part of a picture.

    Attributes:
        name: file name of the picture.
        place: its rows and columns.
    """

    name: str
    place: tuple[slice, slice]


def add_arguments(parser: Options) -> None:
    """Add the folder of pictures, the codec and its levels, the crops and the figures."""
    parser.add_data(
        nargs="?", help="folder of the pictures of --crop; those that wheels carry if not given"
    )
    parser.add_codec("photo")
    parser.add_argument("--levels", type=float, nargs="+", default=_LEVELS)
    parser.add_argument(
        "--crop",
        nargs=5,
        action="append",
        metavar=("NAME", "LEFT", "TOP", "WIDTH", "HEIGHT"),
        help="a crop of a picture, all of one size, instead of the six; may be given several times",
    )
    parser.add_argument(
        "--plot", type=Path, metavar="DIR", help="draw the crops to equal_bytes_LEVEL.png here"
    )


def measure(options: Namespace) -> Iterator[Row]:
    """One row per level and picture, with a cell for each format."""
    codec = aecodec.load_codec(options.codec)
    crops = [_crop(crop) for crop in options.crop or _CROPS]
    for level in options.levels:
        drawn = []
        for crop in crops:
            pixels = _read(options.data, crop.name)
            files = files_at(codec, pixels, level, COMPARED_FORMATS)
            rows = [_row(pixels, file) for file in files]
            cells = {file.title: row for file, row in zip(files, rows, strict=True)}
            yield {"level": level, "picture": crop.name, **cells}
            drawn.append(_panels(crop, pixels, files, rows))
        if options.plot:
            figure = pictures_figure(_TITLES, drawn)
            (options.plot / f"equal_bytes_{level:g}.png").write_bytes(figure)


def _crop(values: Sequence[str]) -> Crop:
    left, top, width, height = map(int, values[1:])
    return Crop(values[0], (slice(top, top + height), slice(left, left + width)))


def _read(folder: Path | None, name: str) -> Pixels:
    with Image.open(folder / name if folder else carried_picture(name)) as image:
        return np.asarray(image.convert("RGB"))


def _row(pixels: Pixels, file: File) -> Row:
    psnr = metrics.psnr(metrics.mse(pixels, file.decoded))
    score = metrics.ssimulacra2(pixels, file.decoded)
    return {
        "bytes": file.size,
        "psnr": round(psnr, 2),
        "ssimulacra2": round(score, 2),
    }


def _panels(crop: Crop, pixels: Pixels, files: Sequence[File], rows: Sequence[Row]) -> list[Panel]:
    """The crop of the original, then of each file, with captions."""
    panels = [Panel(pixels[crop.place], crop.name)]
    for file, row in zip(files, rows, strict=True):
        quality = f"{row['psnr']:.2f} dB, score {row['ssimulacra2']:.1f}"
        panels.append(Panel(file.decoded[crop.place], f"{file.size:,} bytes, {quality}"))
    return panels
