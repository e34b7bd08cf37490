"""SSIMULACRA2: how people would judge a picture beside its original."""

from __future__ import annotations

import io
import math

from PIL import Image

from aecodec.arrays import Pixels
from aecodec.errors import AecodecError

_MIN_SIDE = 8
"""Shortest side of a picture that the package measures."""


def ssimulacra2(original: Pixels, reconstructed: Pixels) -> float:
    """Score of a picture by SSIMULACRA2, which was fitted to what people say of pictures.

    J. Sneyers, "SSIMULACRA 2", Cloudinary, 2022, as the package `ssimulacra2` computes it, which
    takes a second for a picture of 768x512. About 30 is low quality, 50 medium, 70 high, and 90
    hardly differs from the original. Pictures with a side of less than 225 pixels have fewer than
    its six scales, whose weights then fall on other features, as in the reference implementation:
    their scores can be compared with those of pictures of the same size, not of larger ones.

    Args:
        original: (H, W, 1) or (H, W, 3) uint8, grey or sRGB.
        reconstructed: the same shape.

    Returns:
        At most 100, below 0 for very poor pictures; NaN for pictures with a side below 8 pixels.

    Raises:
        AecodecError: the package is not installed.
    """
    check_ssimulacra2()
    from ssimulacra2 import compute_ssimulacra2

    if min(original.shape[:2]) < _MIN_SIDE:
        return math.nan
    return float(compute_ssimulacra2(_as_file(original), _as_file(reconstructed)))


def check_ssimulacra2() -> None:
    """Check that the package which :func:`ssimulacra2` needs is installed.

    Raises:
        AecodecError: it is not.
    """
    try:
        import ssimulacra2  # noqa: F401
    except ImportError as error:
        raise AecodecError(
            "SSIMULACRA2 needs a package: install it with pip install 'aecodec[perceptual]'"
        ) from error


def _as_file(pixels: Pixels) -> io.BytesIO:
    """A picture as an image file, which is what the package reads."""
    file = io.BytesIO()
    Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels).save(file, "PPM")
    file.seek(0)
    return file
