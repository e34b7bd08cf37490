"""How does a photograph look beside WebP and AVIF when all files are of the same size?

    python -m benchmarks.equal_bytes [PICTURE] [--codec photo] [--level N] [--json FILE]
                                     [--crop LEFT TOP WIDTH HEIGHT] [--plot FILE]

PICTURE is a photograph that scikit-learn carries unless it is given. The others' files are of the
lowest quality that makes them no smaller than ours. Bytes and PSNR are of the whole picture, what
is drawn of it is the crop.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import sklearn.datasets
from PIL import Image

import aecodec
from aecodec import Codec, metrics, rate_control
from aecodec.figures import pictures_figure
from aecodec.images import Pixels
from benchmarks.peers_in_pillow import LOSSY, restored, saved
from benchmarks.rows import write_rows

_PICTURE = Path(sklearn.datasets.__file__).parent / "images" / "china.jpg"
_PEERS = ("WebP", "AVIF")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("picture", type=Path, nargs="?", default=_PICTURE)
    parser.add_argument("--codec", default="photo", metavar="NAME|DIR")
    parser.add_argument("--level", type=float)
    parser.add_argument("--crop", type=int, nargs=4, default=(150, 20, 200, 160))
    parser.add_argument("--json", type=Path)
    parser.add_argument("--plot", type=Path)
    options = parser.parse_args()
    with Image.open(options.picture) as image:
        pixels = np.asarray(image)
    left, top, width, height = options.crop
    rows, drawn = [], {"original": pixels[top : top + height, left : left + width]}
    for name, size, back in _files(aecodec.load_codec(options.codec), pixels, options.level):
        psnr = metrics.psnr(metrics.mse(pixels, back))
        rows.append({"format": name, "bytes": size, "psnr": round(psnr, 2)})
        print(rows[-1])
        drawn[f"{name}, {size:,} bytes, {psnr:.2f} dB"] = back[top:, left:][:height, :width]
    write_rows(options.json, rows)
    if options.plot:
        options.plot.write_bytes(pictures_figure(drawn))


def _files(codec: Codec, pixels: Pixels, level: float | None) -> Iterator[tuple[str, int, Pixels]]:
    """Format, bytes, and what they decode to."""
    file = codec.compress(pixels, level)
    yield "aecodec", len(file), np.asarray(codec.decompress(file))
    for name in _PEERS:
        theirs = _no_smaller(pixels, name, len(file))
        yield name, len(theirs), restored(theirs, pixels)


def _no_smaller(pixels: Pixels, name: str, least: int) -> bytes:
    kind, settings, _ = LOSSY[name]

    def file(quality: int) -> bytes:
        return saved(pixels, kind, {**settings, "quality": quality})

    too_small = rate_control.last(range(100), lambda quality: len(file(quality)) < least)
    return file(0 if too_small is None else too_small + 1)


if __name__ == "__main__":
    main()
