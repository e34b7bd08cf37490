"""How much larger are the steps at the borders of blocks, where a picture is even?

Steps are absolute differences of luma (0.299 R + 0.587 G + 0.114 B) between neighbouring pixels in
a row or column of a decoded picture. They count where the original is even: where the gradient of
its luma, by Gaussian derivatives with a standard deviation of 2 pixels, is below 2 grey levels per
pixel at both pixels. That is a little more than half of Kodak. The figure is the mean step between
pixels 16 n - 1 and 16 n of a row or column, divided by the mean of all other steps, over all
pictures together. It is 1 for the originals, and where there are no blocks. Borders of 8 pixels are
measured in the same way. Each other format is encoded at the lowest quality whose file is no
smaller than aecodec's at one level.
"""

from __future__ import annotations

import math
from argparse import Namespace
from collections.abc import Iterator, Sequence

import numpy as np
from scipy.ndimage import gaussian_gradient_magnitude

import aecodec
from aecodec.arrays import Float64, Pixels
from aecodec.evaluation.formats import decode
from aecodec.evaluation.scores import codec_round_trip
from benchmarks.formats import LOSSY
from benchmarks.harness import Options, Row
from benchmarks.pictures import first_planes

_LUMA = (0.299, 0.587, 0.114)
_SIGMA, _GRADIENT = 2.0, 2.0
_BORDERS = (16, 8)


def add_arguments(parser: Options) -> None:
    """Add the data, the codec, and the level that the other formats are compared at."""
    parser.add_data()
    parser.add_codec("photo")
    parser.add_argument("--level", type=float, default=3.0)
    parser.add_limit()


def measure(options: Namespace) -> Iterator[Row]:
    """One row for the originals, one per level of the codec, one per other format."""
    codec = aecodec.load_codec(options.codec)
    pictures = first_planes(options.data, options.limit)
    yield {"format": "original", **_ratios(pictures, pictures)}
    for level in range(1, len(codec.spec.levels) + 1):
        files = list(map(codec_round_trip(codec, level), pictures))
        yield {"format": "aecodec", "level": level, **_of_files(pictures, files)}
    sizes = [len(codec.compress(picture, level=options.level)) for picture in pictures]
    for anchor in LOSSY:
        contents = map(anchor.no_smaller, pictures, sizes)
        files = [
            (len(file), decode(file, pixels))
            for file, pixels in zip(contents, pictures, strict=True)
        ]
        yield {"format": anchor.title, "at_level": options.level, **_of_files(pictures, files)}


def _of_files(pictures: Sequence[Pixels], files: Sequence[tuple[int, Pixels]]) -> Row:
    sizes, decoded = zip(*files, strict=True)
    return {"bytes": round(float(np.mean(sizes)), 1), **_ratios(pictures, decoded)}


def _ratios(pictures: Sequence[Pixels], decoded: Sequence[Pixels]) -> Row:
    ratios = {f"blocks_{side}": blockiness(pictures, decoded, side) for side in _BORDERS}
    return {name: None if math.isnan(ratio) else round(ratio, 3) for name, ratio in ratios.items()}


def blockiness(originals: Sequence[Pixels], decoded: Sequence[Pixels], border: int) -> float:
    """Mean step at borders divided by the mean step elsewhere, where the originals are even.

    Args:
        originals: (H, W) or (H, W, 3) uint8.
        decoded: the same shapes.
        border: distance of the borders in pixels.

    Returns:
        1 for pictures without blocks; NaN if no even area has a step.

    >>> flat = np.zeros((64, 64), np.uint8)
    >>> ramp = flat + np.arange(64, dtype=np.uint8)
    >>> blockiness([flat], [ramp], 16), blockiness([flat], [ramp // 16 * 8 + ramp], 16)
    (1.0, 9.0)
    """
    sums, counts = np.zeros(2), np.zeros(2)
    for original, picture in zip(originals, decoded, strict=True):
        even = gaussian_gradient_magnitude(_luma(original), _SIGMA) < _GRADIENT
        for plane, is_even in ((_luma(picture), even), (_luma(picture).T, even.T)):
            steps = np.abs(np.diff(plane, axis=1))
            is_counted = is_even[:, 1:] & is_even[:, :-1]
            is_border = np.arange(1, plane.shape[1]) % border == 0
            for number, counted in enumerate((is_counted & is_border, is_counted & ~is_border)):
                sums[number] += steps[counted].sum()
                counts[number] += counted.sum()
    at_borders, elsewhere = sums / np.maximum(counts, 1)
    return float(at_borders / elsewhere) if elsewhere else math.nan


def _luma(pixels: Pixels) -> Float64:
    return pixels @ np.array(_LUMA) if pixels.ndim == 3 else pixels.astype(np.float64)
