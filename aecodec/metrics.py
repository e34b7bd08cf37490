"""Distortion: mean squared error, PSNR, MS-SSIM and SSIMULACRA2, and measures of bands."""

import io
import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from aecodec.arrays import Float64, Pixels
from aecodec.errors import AecodecError

_BLOCK = 1 << 20
"""Number of samples to convert to floats at a time, to limit memory."""


def mse(original: npt.NDArray[Any], reconstructed: npt.NDArray[Any]) -> float:
    """Mean squared error of 8-bit pixels of any, but equal, shape."""
    pairs = zip(_blocks(original), _blocks(reconstructed), strict=True)
    differences = (a.astype(np.float32) - b.astype(np.float32) for a, b in pairs)
    return sum(float((d * d).sum(dtype=np.float64)) for d in differences) / original.size


def _blocks(pixels: npt.NDArray[Any]) -> Iterator[npt.NDArray[Any]]:
    flat = pixels.reshape(-1)
    return (flat[start : start + _BLOCK] for start in range(0, len(flat), _BLOCK))


def psnr(mean_squared_error: float, peak: float = 255) -> float:
    """PSNR in dB for a mean squared error of samples with a range of `peak`; infinite for 0."""
    return 10 * math.log10(peak**2 / mean_squared_error) if mean_squared_error else math.inf


Missing = npt.NDArray[np.bool_] | None
"""True for missing samples, with the shape of the samples, or with 1 band for all bands; or None.
"""


def range_of(samples: npt.NDArray[Any], missing: Missing = None) -> float:
    """Range of samples (..., B): the difference of their 0.1 and 99.9 percentiles over all bands.

    Missing samples are ignored. It is 1 if there is no difference.
    """
    known = samples[~_missing_like(samples, missing)]
    low, high = np.percentile(known.astype(np.float64), (0.1, 99.9)) if known.size else (0, 0)
    return float(high - low) or 1.0


def row_blocks(shape: tuple[int, ...]) -> Iterator[tuple[int, slice]]:
    """Indices of the rows of pictures (F, H, W, B), of about a million samples at a time."""
    rows = max(1, _BLOCK // math.prod(shape[2:]))
    for frame, top in np.ndindex(shape[0], -(-shape[1] // rows)):
        yield frame, slice(top * rows, (top + 1) * rows)


def band_errors(
    original: npt.NDArray[Any], restored: npt.NDArray[Any], missing: Missing = None
) -> tuple[Float64, Float64]:
    """Mean squared error and maximum error of each band of samples (F, H, W, B), two arrays (B,).

    Missing samples do not count; the errors of a band without known samples are 0.
    """
    is_missing = _missing_like(original, missing)
    sums, counts, most = np.zeros((3, original.shape[-1]))
    for rows in row_blocks(original.shape):
        with np.errstate(invalid="ignore"):
            errors = np.abs(original[rows].astype(np.float64) - restored[rows])
        errors[is_missing[rows]] = 0
        most = np.maximum(most, errors.max(axis=(0, 1)))
        sums += np.square(errors, out=errors).sum(axis=(0, 1))
        counts += (~is_missing[rows]).sum(axis=(0, 1))
    return sums / np.maximum(counts, 1), most


def _missing_like(samples: npt.NDArray[Any], missing: Missing) -> npt.NDArray[np.bool_]:
    return np.broadcast_to(False if missing is None else missing, samples.shape)


WINDOW = 11

_GAUSSIAN = np.exp(-0.5 * (np.arange(WINDOW) - WINDOW // 2) ** 2 / 1.5**2)
WINDOW_WEIGHTS = _GAUSSIAN / _GAUSSIAN.sum()
"""Weights of a window along one axis."""

_SCALE_WEIGHTS = np.array([0.0448, 0.2856, 0.3001, 0.2363, 0.1333])
_K1, _K2 = 0.01, 0.03
"""Constants of MS-SSIM, from the paper that :func:`ms_ssim` names."""


def ms_ssim(original: npt.NDArray[Any], reconstructed: npt.NDArray[Any]) -> float:
    """Multi-scale structural similarity of 8-bit pictures (H, W, C), averaged over their channels.

    Z. Wang et al., "Multiscale structural similarity for image quality assessment", 2003. Pictures
    that are too small for five scales use as many scales as possible, with proportional weights. It
    is at most 1, and NaN if a side has less than 11 pixels.
    """
    side = min(original.shape[:2])
    if side < WINDOW:
        return math.nan
    weights = scale_weights(side)
    # Planes (C, H, W) in contiguous memory, which windows read faster.
    planes = (np.moveaxis(pixels, -1, 0) for pixels in (original, reconstructed))
    x, y = (np.ascontiguousarray(pixels, np.float64) for pixels in planes)
    similarity = np.ones(len(x))
    for number, weight in enumerate(weights, start=1):
        luminance, contrast = similarities(x, y, _blur, peak=255)
        factor = luminance * contrast if number == len(weights) else contrast
        similarity *= np.maximum(factor.mean(axis=(1, 2)), 0) ** weight
        x, y = halved(x), halved(y)
    return float(similarity.mean())


def scale_weights(side: int) -> Float64:
    """Weights of the scales, at most five, for a shortest side of at least 11 pixels."""
    weights = _SCALE_WEIGHTS[: int(math.log2(side / WINDOW)) + 1]
    return weights / weights.sum()


def similarities(x: Any, y: Any, blur: Callable[[Any], Any], peak: float) -> tuple[Any, Any]:
    """Similarity per window of planes (..., h, w), arrays or tensors: luminance, and the rest.

    `blur` converts planes to their means in windows. `peak` is white.
    """
    c1, c2 = (_K1 * peak) ** 2, (_K2 * peak) ** 2
    mean_x, mean_y = blur(x), blur(y)
    product, squares = mean_x * mean_y, mean_x**2 + mean_y**2
    covariance, variances = blur(x * y) - product, blur(x**2 + y**2) - squares
    return (2 * product + c1) / (squares + c1), (2 * covariance + c2) / (variances + c2)


def halved(planes: Any) -> Any:
    """Average blocks of 2x2 pixels of planes (..., h, w); an odd last row or column is dropped."""
    height, width = (side // 2 * 2 for side in planes.shape[-2:])
    even = planes[..., :height, :width]
    above, below = even[..., ::2, :], even[..., 1::2, :]
    return (above[..., ::2] + below[..., ::2] + above[..., 1::2] + below[..., 1::2]) / 4


def _blur(planes: Float64) -> Float64:
    """Gaussian means of all windows that lie within the planes."""
    for axis in (1, 2):
        planes = np.lib.stride_tricks.sliding_window_view(planes, WINDOW, axis) @ WINDOW_WEIGHTS
    return planes


_MIN_SIDE = 8
"""Shortest side that the package `ssimulacra2` can measure."""


def ssimulacra2(original: Pixels, reconstructed: Pixels) -> float:
    """SSIMULACRA2 score of a picture (H, W, 1) or (H, W, 3) uint8, grey or sRGB.

    It was fitted to human judgement (J. Sneyers, "SSIMULACRA 2", Cloudinary, 2022). The package
    `ssimulacra2` computes it in a second for 768x512 pixels. Scores near 30 mean low quality, 50
    medium, 70 high; at 90 the picture is hard to distinguish from the original. Very poor pictures
    score below 0, and the score is NaN if a side has less than 8 pixels.

    As in the reference implementation, pictures with a side of less than 225 pixels have fewer than
    six scales, so their weights apply to other features: compare their scores only with scores of
    pictures of the same size. Raises AecodecError if the package is not installed.
    """
    check_ssimulacra2()
    from ssimulacra2 import compute_ssimulacra2

    if min(original.shape[:2]) < _MIN_SIDE:
        return math.nan
    return float(compute_ssimulacra2(_as_file(original), _as_file(reconstructed)))


def check_ssimulacra2() -> None:
    """Raise AecodecError if the package `ssimulacra2` is not installed."""
    try:
        import ssimulacra2  # noqa: F401
    except ImportError as error:
        raise AecodecError(
            "SSIMULACRA2 needs the package ssimulacra2: pip install 'aecodec[perceptual]'"
        ) from error


def _as_file(pixels: Pixels) -> io.BytesIO:
    """Convert a picture to an image file, which the package `ssimulacra2` reads."""
    file = io.BytesIO()
    Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels).save(file, "PPM")
    file.seek(0)
    return file
