"""Rate and distortion of one format over several pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from aecodec import metrics
from aecodec.arrays import Pixels

RoundTrip = Callable[[Pixels], tuple[int, Pixels]]
"""A picture to the size of its file in bytes, and to the picture that the file decodes to."""


def score(pictures: Iterable[Pixels], round_trip: RoundTrip) -> dict[str, float]:
    """Mean bytes per picture, bits per pixel, PSNR of the mean error, mean PSNR, mean MS-SSIM.

    Args:
        pictures: (H, W) or (H, W, 3) uint8.
        round_trip: the format, at one setting.
    """
    sizes, pixels, errors, similarities = [], 0, [], []
    for picture in pictures:
        size, decoded = round_trip(picture)
        sizes.append(size)
        pixels += picture.shape[0] * picture.shape[1]
        errors.append(metrics.mse(picture, decoded))
        similarities.append(metrics.ms_ssim(_with_channels(picture), _with_channels(decoded)))
    return {
        "bytes": round(float(np.mean(sizes)), 2),
        "bpp": round(8 * sum(sizes) / pixels, 5),
        "psnr": round(metrics.psnr(float(np.mean(errors))), 4),
        "mean_psnr": round(float(np.mean([metrics.psnr(each) for each in errors])), 4),
        "ms_ssim": round(float(np.mean(similarities)), 5),
    }


def _with_channels(picture: Pixels) -> Pixels:
    return picture if picture.ndim == 3 else picture[..., None]
