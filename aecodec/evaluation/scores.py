"""Rate and distortion of formats on pictures, means over several pictures, and equal sizes."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from aecodec import metrics
from aecodec.arrays import Float64, Pixels
from aecodec.codec.codec import Codec
from aecodec.codec.distortion import Measure
from aecodec.evaluation.formats import PillowFormat, decode

CODEC_TITLE = "aecodec"
"""Title of files of codecs."""

_MIN_SIDE = 64
"""Least side of pictures for which SSIMULACRA2 is meaningful."""

RoundTrip = Callable[[Pixels], tuple[int, Pixels]]
"""Converts a picture to the size of its file in bytes and the decoded picture."""


class Score(NamedTuple):
    """Rate and distortion of the file of a picture.

    Attributes:
        bytes: size of the file in bytes.
        pixels: number of pixels of the picture.
        mse: mean squared error of 8-bit pixels.
        ms_ssim: MS-SSIM; NaN for pictures with a side below 11 pixels.
        ssimulacra2: SSIMULACRA2 score; NaN if it was not measured, or for pictures with a side
            below 64 pixels, where it is not meaningful.
    """

    bytes: int
    pixels: int
    mse: float
    ms_ssim: float
    ssimulacra2: float

    @property
    def psnr(self) -> float:
        """PSNR in dB; infinite if the pictures are equal."""
        return metrics.psnr(self.mse)


def measures(*, ssimulacra2: bool) -> list[Measure]:
    """The measures of a :class:`Score` after `mse`, in its order; NaN for SSIMULACRA2 if unwanted.

    The measure raises AecodecError if the package for SSIMULACRA2 is not installed.
    """
    return [metrics.ms_ssim, metrics.ssimulacra2 if ssimulacra2 else _not_measured]


def _not_measured(original: Pixels, decoded: Pixels) -> float:
    return math.nan


def score_of(original: Pixels, size: int, decoded: Pixels, *, ssimulacra2: bool = True) -> Score:
    """Measure the file, of `size` bytes, of a picture (H, W) or (H, W, C) uint8.

    SSIMULACRA2 takes one second per 400,000 pixels. Raises AecodecError if it is requested, but its
    package is not installed.
    """
    pair = _with_channels(original), _with_channels(decoded)
    is_scored = ssimulacra2 and min(original.shape[:2]) >= _MIN_SIDE
    return Score(
        size,
        original.shape[0] * original.shape[1],
        metrics.mse(original, decoded),
        *(measure(*pair) for measure in measures(ssimulacra2=is_scored)),
    )


def mean_score(scores: Sequence[Score]) -> dict[str, float]:
    """Rounded means over several pictures, by their names in tables and JSON.

    `bpp` is computed from all pixels together, and `psnr` from the mean error. `mean_psnr`,
    `ms_ssim` and `ssimulacra2` are means over the pictures with finite values. They are left out
    if there are none.

    >>> mean_score([Score(98, 784, 65.025, 0.9, math.nan)])
    {'bytes': 98.0, 'bpp': 1.0, 'psnr': 30.0, 'mean_psnr': 30.0, 'ms_ssim': 0.9}
    """
    size, pixels, mse, ms_ssim, ssimulacra2 = np.array(scores, np.float64).T
    measured = {
        "bytes": round(float(size.mean()), 2),
        "bpp": round(float(8 * size.sum() / pixels.sum()), 5),
        "psnr": round(metrics.psnr(float(mse.mean())), 4),
        "mean_psnr": round(_mean_of_finite(np.array([metrics.psnr(error) for error in mse])), 4),
        "ms_ssim": round(_mean_of_finite(ms_ssim), 5),
        "ssimulacra2": round(_mean_of_finite(ssimulacra2), 4),
    }
    return {name: value for name, value in measured.items() if not math.isnan(value)}


def _mean_of_finite(values: Float64) -> float:
    finite = values[np.isfinite(values)]
    return float(finite.mean()) if len(finite) else math.nan


def score(pictures: Iterable[Pixels], round_trip: RoundTrip) -> dict[str, float]:
    """The :func:`mean_score` of pictures (H, W) or (H, W, 3) uint8 in a format, with all measures.

    Raises AecodecError if the package for SSIMULACRA2 is not installed.
    """
    return mean_score([score_of(picture, *round_trip(picture)) for picture in pictures])


def codec_round_trip(codec: Codec, level: float) -> RoundTrip:
    """A function that compresses and decompresses pictures with a codec at a level."""

    def round_trip(picture: Pixels) -> tuple[int, Pixels]:
        file = codec.compress(picture, level=level)
        return len(file), np.asarray(codec.decompress(file))

    return round_trip


def _with_channels(picture: Pixels) -> Pixels:
    return picture if picture.ndim == 3 else picture[..., None]


@dataclass(frozen=True, eq=False)
class File:
    """A file of a format, with its decoded picture (H, W) or (H, W, 3) uint8."""

    title: str
    content: bytes
    decoded: Pixels

    @property
    def size(self) -> int:
        """Size in bytes."""
        return len(self.content)


def files_at(
    codec: Codec, pixels: Pixels, level: float | None, formats: Sequence[PillowFormat]
) -> list[File]:
    """The file of a codec, followed by files in other formats, for (H, W) or (H, W, 3) uint8.

    The other files have the lowest quality at which they are not smaller than the codec's file.
    `level` is 1 or more; None is the codec's default.
    """
    content = codec.compress(pixels, level=level)
    own_file = File(CODEC_TITLE, content, np.asarray(codec.decompress(content)))
    return [own_file, *(_no_smaller(format_, pixels, len(content)) for format_ in formats)]


def _no_smaller(image_format: PillowFormat, pixels: Pixels, least: int) -> File:
    content = image_format.no_smaller(pixels, least)
    return File(image_format.title, content, decode(content, pixels))
