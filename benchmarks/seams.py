"""Do windows leave seams?

    python -m benchmarks.seams DATA [--codec photo] [--window 16] [--limit N] [--json FILE]

Pictures through the networks in small windows, and whole: how many codes and pixels differ, and how
large the jumps of the reconstruction's error are between two neighbouring pixels: across borders of
windows, and across the other borders of tiles, inside windows.
"""

from __future__ import annotations

from itertools import islice
from typing import Any

import numpy as np

import aecodec
from aecodec import Codec, windows
from aecodec.dataset import open_dataset
from aecodec.images import Pixels
from benchmarks.rows import codec_arguments, write_rows

_WHOLE = 1 << 20


def main() -> None:
    parser = codec_arguments(__doc__, "photo")
    parser.add_argument("--window", type=int, default=16, help="side in tiles")
    parser.add_argument("--limit", type=int, default=1000)
    options = parser.parse_args()
    codec = aecodec.load_codec(options.codec)
    samples = islice(open_dataset(options.data), options.limit)
    each = [_compared(codec, sample.picture.pixels, options.window) for sample in samples]
    across, inside = (
        np.concatenate([found[where] for found in each]) for where in ("across", "inside")
    )
    row = {
        "window_tiles": options.window,
        "pictures": len(each),
        "codes_that_differ": float(np.mean([found["codes"] for found in each])),
        "pixels_that_differ": float(np.mean([found["pixels"] for found in each])),
        "largest_jump_across": int(across.max(initial=0)),
        "largest_jump_inside": int(inside.max(initial=0)),
        "mean_jump_across": round(float(across.mean()), 4),
        "mean_jump_inside": round(float(inside.mean()), 4),
    }
    print(row)
    write_rows(options.json, [row])


def _compared(codec: Codec, pixels: Pixels, window: int) -> dict[str, Any]:
    whole_codes, whole = _round_trip(codec, pixels, _WHOLE)
    codes, decoded = _round_trip(codec, pixels, window)
    borders = _borders(pixels.shape[2], codec)
    jumps = np.abs(np.diff(decoded.astype(np.int16) - pixels, axis=2))
    others = np.setdiff1d(
        range(codec.spec.tile[1] - 1, jumps.shape[2], codec.spec.tile[1]), borders
    )
    return {
        "codes": (codes != whole_codes).mean(),
        "pixels": (decoded != whole).mean(),
        "across": jumps[:, :, borders].ravel(),  # none where the whole width is one window
        "inside": jumps[:, :, others].ravel(),
    }


def _round_trip(codec: Codec, pixels: Pixels, window: int) -> tuple[Any, Pixels]:
    windows.WINDOW = window
    codes = codec.encoder.codes(pixels)
    return codes, codec.decoder.planes(codes, size=(pixels.shape[2], pixels.shape[1]))


def _borders(width: int, codec: Codec) -> list[int]:
    """The columns after which another window begins."""
    tile = codec.spec.tile[1]
    *others, _ = windows.spans(-(-width // tile), codec.spec.reach)
    return [tile * span.stop - 1 for span in others]


if __name__ == "__main__":
    main()
