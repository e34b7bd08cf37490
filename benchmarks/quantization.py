"""What do float32, float16, dynamic range, int8 and int16x8 cost in size, time and PSNR?

    python -m benchmarks.quantization DATA [--codec NAME|DIR] [--json FILE]

Each half of a codec at each precision, the other half in float, at the default level.
"""

from __future__ import annotations

from itertools import islice, product
from typing import Any

import numpy as np

import aecodec
from aecodec import ModelError, tiling
from aecodec.dataset import open_dataset
from aecodec.export.kinds import Format, Half, Precision
from aecodec.export.parity import FloatPair
from aecodec.export.writing import export_half
from benchmarks.rows import arguments, write_rows

_PICTURES = 1000


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--codec", default="digits")
    options = parser.parse_args()
    folder = aecodec.load_codec(options.codec).folder
    pictures = (sample.picture.pixels for sample in open_dataset(options.data))
    planes = (tiling.to_planes(each, folder.spec.channels) for each in pictures)
    tiles = [tiling.split(each, folder.spec.tile) for each in islice(planes, _PICTURES)]
    pair = FloatPair(folder, np.concatenate(tiles)[:_PICTURES])
    rows = [_row(pair, half, precision) for half, precision in product(Half, Precision)]
    for row in rows:
        print(row)
    write_rows(options.json, rows)


def _row(pair: FloatPair, half: Half, precision: Precision) -> dict[str, Any]:
    named = {"half": half.value, "precision": precision.value}
    try:
        parity = export_half(pair, half, Format.TFLITE, precision).parity
    except ModelError as error:
        return {**named, "refused": str(error)}
    return {**parity.as_json(), **named}


if __name__ == "__main__":
    main()
