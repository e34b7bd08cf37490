"""Which format makes the best picture of 237 bytes, one packet of LoRa?

The data are a folder of pictures. aecodec's files are those of `aecodec compress --max-bytes`,
which may encode fewer pixels than the picture has, and chooses by MS-SSIM. The other formats are
given the best of all their qualities, once at the picture's own size, and once at the sizes that
aecodec may choose from: of these the one that is best by the very measure. PSNR and SSIMULACRA2 are
those of pictures at their own size.
"""

from __future__ import annotations

import math
from argparse import Namespace
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

import aecodec
from aecodec import Codec, Picture, metrics
from aecodec.arrays import Pixels
from aecodec.codec.rate_control import REDUCTIONS, last_where
from aecodec.evaluation.formats import PillowFormat, decode
from aecodec.format.container import NOT_REDUCED
from aecodec.imaging.picture import without_channel_axis
from aecodec.imaging.resampling import reduced_size, resize
from benchmarks.formats import LOSSY
from benchmarks.harness import Options, Row
from benchmarks.pictures import first_pictures

_SIZES = {"own size": (NOT_REDUCED,), "any size": REDUCTIONS}
_QUALITIES = range(101)


class Quality(NamedTuple):
    """Quality of a picture: minus infinity if no file is small enough.

    Attributes:
        psnr: PSNR in dB.
        ssimulacra2: score by SSIMULACRA2.
    """

    psnr: float = -math.inf
    ssimulacra2: float = -math.inf


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
    ours = [_ours(codec, picture, options.bytes) for picture in pictures]
    yield {"format": "aecodec", **_summary(ours)}
    for anchor in LOSSY:
        for title, reductions in _SIZES.items():
            theirs = [
                _best(anchor, picture.pixels, options.bytes, reductions) for picture in pictures
            ]
            yield {
                "format": f"{anchor.title}, {title}",
                **_summary(theirs),
                **_comparison(ours, theirs),
            }


def _summary(qualities: Sequence[Quality]) -> Row:
    reached = [quality for quality in qualities if quality != Quality()]
    means = np.mean(reached, axis=0).round(3) if reached else (None, None)
    names = (f"mean_{name}" for name in Quality._fields)
    return {
        "pictures": len(qualities),
        "fit": len(reached),
        **dict(zip(names, means, strict=True)),
    }


def _comparison(ours: Sequence[Quality], theirs: Sequence[Quality]) -> Row:
    """Number of pictures for which aecodec is better, by each measure."""
    better = np.greater(ours, theirs).sum(axis=0)
    names = (f"better_by_{name}" for name in Quality._fields)
    return dict(zip(names, map(int, better), strict=True))


def _ours(codec: Codec, picture: Picture, max_bytes: int) -> Quality:
    file = codec.compress_picture(picture, max_bytes=max_bytes).data
    assert len(file) <= max_bytes
    return _quality(picture.pixels, codec.decoder.decompress_picture(file).pixels)


def _quality(original: Pixels, decoded: Pixels) -> Quality:
    """Quality of a picture (1, H, W, C)."""
    psnr = metrics.psnr(metrics.mse(original, decoded))
    return Quality(psnr, metrics.ssimulacra2(original[0], decoded[0]))


def _best(
    anchor: PillowFormat, pixels: Pixels, max_bytes: int, reductions: Iterable[int]
) -> Quality:
    """The best by each measure of the files with reduced sides."""
    files = [_reduced(anchor, pixels, max_bytes, reduction) for reduction in reductions]
    return Quality(*map(max, zip(*files, strict=True)))


def _reduced(anchor: PillowFormat, pixels: Pixels, max_bytes: int, reduction: int) -> Quality:
    """Quality of the largest file that fits, of a picture with reduced sides."""
    size = (pixels.shape[2], pixels.shape[1])
    small = resize(pixels, reduced_size(size, reduction))
    plane = without_channel_axis(small[0])

    def file(quality: int) -> bytes:
        return anchor.at_quality(quality).encode(plane)

    def fits(quality: int) -> bool:
        return len(file(quality)) <= max_bytes

    quality = last_where(_QUALITIES, fits) if fits(0) else None
    if quality is None:
        return Quality()
    decoded = decode(file(quality), plane).reshape(small.shape)
    return _quality(pixels, resize(decoded, size))
