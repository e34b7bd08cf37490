"""Which format makes the best picture of so few bytes?

    python -m benchmarks.packet DATA [--codec photo] [--bytes 237] [--limit N] [--json FILE]

DATA is a folder of pictures. 237 bytes are what one packet of LoRa holds for an application. Ours
are `aecodec compress --max-bytes`. The others are given the best of all their qualities, once at
the picture's own size, and once at whichever of the sizes that ours may choose from is best.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import islice
from typing import Any

import numpy as np

import aecodec
from aecodec import Codec, images, metrics, rate_control, reduction
from aecodec.container import NOT_REDUCED
from aecodec.dataset import open_dataset
from aecodec.images import Pixels
from benchmarks.peers_in_pillow import LOSSY, restored, saved
from benchmarks.rows import codec_arguments, write_rows

_QUALITIES = range(101)
_NONE = -np.inf
"""The PSNR of a picture of which no file is small enough."""


def main() -> None:
    parser = codec_arguments(__doc__, "photo")
    parser.add_argument("--bytes", type=int, default=237)
    parser.add_argument("--limit", type=int, default=1000)
    options = parser.parse_args()
    samples = islice(open_dataset(options.data), options.limit)
    pictures = [sample.picture.pixels for sample in samples]
    codec = aecodec.load_codec(options.codec)
    rows = []
    for row in _rows(codec, pictures, options.bytes):
        print(row, flush=True)
        rows.append(row)
    write_rows(options.json, rows)


def _rows(codec: Codec, pictures: Sequence[Pixels], most: int) -> Iterator[dict[str, Any]]:
    ours = [_ours(codec, pixels, most) for pixels in pictures]
    yield {"format": "aecodec", **_summary(ours)}
    sizes = {"own size": (NOT_REDUCED,), "any size": rate_control.REDUCTIONS}
    for name in LOSSY:
        for title, reductions in sizes.items():
            theirs = [_theirs(pixels, name, most, reductions) for pixels in pictures]
            ours_is_better = sum(a > b for a, b in zip(ours, theirs, strict=True))
            row = {"format": f"{name}, {title}", **_summary(theirs)}
            yield {**row, "ours_is_better": ours_is_better}


def _summary(found: Sequence[float]) -> dict[str, Any]:
    reached = [psnr for psnr in found if psnr != _NONE]
    mean = round(float(np.mean(reached)), 3) if reached else None
    return {"pictures": len(found), "fit": len(reached), "mean_psnr": mean}


def _ours(codec: Codec, pixels: Pixels, most: int) -> float:
    file = rate_control.within_bytes(codec, images.from_array(pixels), most).data
    assert len(file) <= most
    return metrics.psnr(metrics.mse(pixels, codec.decoder.decompress(file).pixels))


def _theirs(pixels: Pixels, name: str, most: int, reductions: Iterable[int]) -> float:
    """The PSNR of the best file."""
    return max(_at_a_size(pixels, name, most, each) for each in reductions)


def _at_a_size(pixels: Pixels, name: str, most: int, times: int) -> float:
    size = (pixels.shape[2], pixels.shape[1])
    small = reduction.resized(pixels, reduction.reduced_size(size, times))[0]
    plane = small[..., 0] if small.shape[-1] == 1 else small
    file = partial(_file, plane, name)
    quality = rate_control.last(_QUALITIES, lambda quality: len(file(quality)) <= most)
    if quality is None:
        return _NONE
    back = restored(file(quality), plane).reshape(1, *small.shape)
    return metrics.psnr(metrics.mse(pixels, reduction.resized(back, size)))


def _file(plane: Pixels, name: str, quality: int) -> bytes:
    kind, settings, _ = LOSSY[name]
    return saved(plane, kind, {**settings, "quality": quality})


if __name__ == "__main__":
    main()
