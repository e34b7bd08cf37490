"""Which format makes the best picture of 237 bytes, one packet of LoRa?

The data are a folder of pictures. aecodec's files are those of `aecodec compress --max-bytes`,
which may encode fewer pixels than the picture has. The other formats are given the best of all
their qualities, once at the picture's own size, and once at the best of the sizes that aecodec may
choose from. PSNR is measured at the picture's own size.
"""

from __future__ import annotations

import math
from argparse import Namespace
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

import aecodec
from aecodec import Codec, Picture, metrics
from aecodec.arrays import Pixels
from aecodec.codec.rate_control import REDUCTIONS, last_where
from aecodec.format.container import NOT_REDUCED
from aecodec.imaging.resampling import reduced_size, resize
from benchmarks.anchors.pillow_formats import LOSSY, PillowFormat, decode
from benchmarks.harness import Options, Row
from benchmarks.pictures import first_pictures, without_channel_axis

_SIZES = {"own size": (NOT_REDUCED,), "any size": REDUCTIONS}
_QUALITIES = range(101)
_NONE_FITS = -math.inf
"""The PSNR of a picture that has no file small enough."""


def add_arguments(parser: Options) -> None:
    """Add the data, the codec and the number of bytes."""
    parser.add_data()
    parser.add_codec("photo")
    parser.add_argument("--bytes", type=int, default=237)
    parser.add_limit()


def measure(options: Namespace) -> Iterator[Row]:
    """One row for aecodec, then two per other format."""
    pictures = first_pictures(options.data, options.limit)
    codec = aecodec.load_codec(options.codec)
    ours = [_psnr(codec, picture, options.bytes) for picture in pictures]
    yield {"format": "aecodec", **_summary(ours)}
    for anchor in LOSSY:
        for title, reductions in _SIZES.items():
            theirs = [
                _best_psnr(anchor, picture.pixels, options.bytes, reductions)
                for picture in pictures
            ]
            better = sum(a > b for a, b in zip(ours, theirs, strict=True))
            row = {"format": f"{anchor.title}, {title}", **_summary(theirs)}
            yield {**row, "aecodec_is_better": better}


def _summary(psnrs: Sequence[float]) -> Row:
    reached = [psnr for psnr in psnrs if psnr != _NONE_FITS]
    mean = round(float(np.mean(reached)), 3) if reached else None
    return {"pictures": len(psnrs), "fit": len(reached), "mean_psnr": mean}


def _psnr(codec: Codec, picture: Picture, max_bytes: int) -> float:
    file = codec.compress_picture(picture, max_bytes=max_bytes).data
    assert len(file) <= max_bytes
    return metrics.psnr(metrics.mse(picture.pixels, codec.decoder.decode(file).pixels))


def _best_psnr(
    anchor: PillowFormat, pixels: Pixels, max_bytes: int, reductions: Iterable[int]
) -> float:
    return max(_psnr_reduced(anchor, pixels, max_bytes, each) for each in reductions)


def _psnr_reduced(anchor: PillowFormat, pixels: Pixels, max_bytes: int, reduction: int) -> float:
    """PSNR of the largest file that fits, of a picture with reduced sides."""
    size = (pixels.shape[2], pixels.shape[1])
    small = resize(pixels, reduced_size(size, reduction))
    plane = without_channel_axis(small[0])

    def file(quality: int) -> bytes:
        return anchor.at_quality(quality).encode(plane)

    quality = last_where(_QUALITIES, lambda quality: len(file(quality)) <= max_bytes)
    if quality is None:
        return _NONE_FITS
    decoded = decode(file(quality), plane).reshape(small.shape)
    return metrics.psnr(metrics.mse(pixels, resize(decoded, size)))
