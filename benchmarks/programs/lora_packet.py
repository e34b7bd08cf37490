"""Which format makes the best picture of 237 bytes, one packet of LoRa?

The data are a folder of pictures. aecodec's files are those of `aecodec compress --max-bytes`,
which may encode fewer pixels than the picture has, and chooses by MS-SSIM. The other formats use
the best of all their qualities and of the sizes that aecodec may choose from, by each measure. PSNR
and SSIMULACRA2 are measured at the original size, over the pictures that fit.
"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator, Sequence

import numpy as np

import aecodec
from aecodec import Codec, Picture, metrics
from aecodec.arrays import Pixels
from aecodec.evaluation.formats import PillowFormat
from benchmarks.formats import LOSSY, decoded_within
from benchmarks.harness import Options, Row
from benchmarks.pictures import first_pictures

Quality = tuple[float, float]
"""PSNR in dB, and the score by SSIMULACRA2."""


def add_arguments(parser: Options) -> None:
    """Add the data, the codec and the number of bytes."""
    parser.add_data()
    parser.add_codec("photo")
    parser.add_argument("--bytes", type=int, default=237)
    parser.add_limit()


def measure(options: Namespace) -> Iterator[Row]:
    """One row per format."""
    pictures = first_pictures(options.data, options.limit)
    codec = aecodec.load_codec(options.codec)
    yield _row("aecodec", [_of_codec(codec, picture, options.bytes) for picture in pictures])
    for anchor in LOSSY:
        yield _row(
            anchor.title, [_best(anchor, picture.pixels, options.bytes) for picture in pictures]
        )


def _row(name: str, qualities: Sequence[Quality | None]) -> Row:
    fitting = [quality for quality in qualities if quality]
    psnr, score = np.mean(fitting, axis=0).round(3).tolist() if fitting else (None, None)
    figures = {"mean_psnr": psnr, "mean_ssimulacra2": score}
    return {"format": name, "pictures": len(qualities), "fit": len(fitting), **figures}


def _of_codec(codec: Codec, picture: Picture, max_bytes: int) -> Quality:
    file = codec.compress_picture(picture, max_bytes=max_bytes).data
    return _quality(picture.pixels, codec.decoder.decompress_picture(file).pixels)


def _best(anchor: PillowFormat, pixels: Pixels, max_bytes: int) -> Quality | None:
    """The best quality by each measure; None if no file fits."""
    files = decoded_within(anchor, pixels[0], max_bytes)
    fitting = [_quality(pixels, decoded[np.newaxis]) for _, decoded in files]
    return (
        (max(psnr for psnr, _ in fitting), max(score for _, score in fitting)) if fitting else None
    )


def _quality(original: Pixels, decoded: Pixels) -> Quality:
    """Quality of a picture (1, H, W, C)."""
    psnr = metrics.psnr(metrics.mse(original, decoded))
    return psnr, metrics.ssimulacra2(original[0], decoded[0])
