"""What do float32, float16, dynamic range, int8 and int16x8 cost in size, time and PSNR?

Each half of a codec at each precision, the other half in float, at the default level.
"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator
from itertools import product

import numpy as np

import aecodec
from aecodec import ModelError
from aecodec.arrays import Pixels
from aecodec.codec_files.file_names import Half
from aecodec.codec_files.folder import CodecFolder
from aecodec.export.device.export_half import export_half
from aecodec.export.device.options import Format, Precision
from aecodec.export.device.parity import FloatPair
from aecodec.imaging.planes import to_planes
from aecodec.imaging.tiling import split
from benchmarks.harness import Options, Row
from benchmarks.pictures import first_pictures

_PICTURES = 1000


def add_arguments(parser: Options) -> None:
    """Add the data and the codec."""
    parser.add_data()
    parser.add_codec("digits")


def measure(options: Namespace) -> Iterator[Row]:
    """One row per half and precision."""
    folder = aecodec.load_codec(options.codec).folder
    pair = FloatPair(folder, _tiles(folder, options))
    for half, precision in product(Half, Precision):
        yield _row(pair, half, precision)


def _tiles(folder: CodecFolder, options: Namespace) -> Pixels:
    pictures = first_pictures(options.data, _PICTURES)
    planes = [to_planes(picture.pixels, folder.spec.channels) for picture in pictures]
    return np.concatenate([split(plane, folder.spec.tile) for plane in planes])[:_PICTURES]


def _row(pair: FloatPair, half: Half, precision: Precision) -> Row:
    named = {"half": half.value, "precision": precision.value.replace("none", "float32")}
    try:
        parity = export_half(pair, half, Format.TFLITE, precision).parity
    except ModelError as error:
        return {**named, "refused": str(error)}
    return {**parity.as_json(), **named}
