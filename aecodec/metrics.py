"""Distortion: mean squared error, PSNR, MS-SSIM and SSIMULACRA2, and measures of bands."""

import io
import math
from collections.abc import Iterator
from ctypes import byref, c_double
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from aecodec.base.arrays import Float64, Pixels
from aecodec.base.errors import AecodecError
from aecodec.native.library import LIBRARY
from aecodec.native.status import check
from aecodec.native.writing import image_of

_BLOCK = 1 << 20
"""Number of samples to convert to floats at a time, to limit memory."""


def mse(original: npt.NDArray[Any], reconstructed: npt.NDArray[Any]) -> float:
    """Mean squared error between two arrays of 8-bit pixels with the same shape."""
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
    """Range of samples (..., B): the difference between percentiles 0.1 and 99.9 of all bands.

    Missing samples are ignored. Returns 1 if there is no difference.
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


_WINDOW = 11
"""Side of the windows of MS-SSIM in pixels."""


def ms_ssim(original: Pixels, reconstructed: Pixels) -> float:
    """Multi-scale structural similarity of 8-bit pictures (H, W, C), averaged over their channels.

    Z. Wang et al., "Multiscale structural similarity for image quality assessment", 2003. Pictures
    that are too small for five scales use as many scales as possible, with proportional weights.
    The result is at most 1, and NaN if a side has fewer than 11 pixels. For pictures with sides
    above 1024 pixels, it is the mean over parts.

    >>> black = np.zeros((20, 30, 1), np.uint8)
    >>> ms_ssim(black, black)
    1.0
    """
    if min(original.shape[:2]) < _WINDOW:
        return math.nan
    images = [image_of(pixels[None]) for pixels in (original, reconstructed)]
    similarity = c_double()
    check(LIBRARY.aecodec_ms_ssim(*map(byref, images), byref(similarity)))
    return similarity.value


_MIN_SIDE = 8
"""Shortest side that the package `ssimulacra2` can measure."""


def ssimulacra2(original: Pixels, reconstructed: Pixels) -> float:
    """SSIMULACRA2 score of a picture (H, W, 1) or (H, W, 3) uint8, grey or sRGB.

    The score was fitted to human judgement (J. Sneyers, "SSIMULACRA 2", Cloudinary, 2022). The
    package `ssimulacra2` needs one second for 768x512 pixels. Scores near 30 mean low quality, 50
    medium, 70 high; at 90 the picture is hard to distinguish from the original. Very poor pictures
    score below 0, and the score is NaN if a side has fewer than 8 pixels.

    As in the reference implementation, pictures with a side below 225 pixels have fewer than six
    scales, so the weights apply to different features: compare their scores only with scores of
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
